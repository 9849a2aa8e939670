#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Virtio Interrupt Storage (VIS): the command line, migration, and a guest
# whose driver does not know of it

from qemu_test import QemuSystemTest, wait_for_console_pattern

COM1 = 0x3f8
SECTOR = 512
# The firmware boots from no disk without a cylinder.
DISK_SIZE = 1024 * 1024
MESSAGE = b'booted from a device with VIS\r\n\0'

# Prints MESSAGE, which follows the code at 0x7c00.
BOOT_CODE = bytes([
    0x31, 0xc0,                             # xor %ax, %ax
    0x8e, 0xd8,                             # mov %ax, %ds
    0xba, COM1 & 0xff, COM1 >> 8,           # mov $COM1, %dx
    0xbe, 0x16, 0x7c,                       # mov $message, %si
    0xfc,                                   # cld
    0xac,                                   # 1: lodsb
    0x84, 0xc0,                             # test %al, %al
    0x74, 0x03,                             # jz 2f
    0xee,                                   # out %al, (%dx)
    0xeb, 0xf8,                             # jmp 1b
    0xf4,                                   # 2: hlt
    0xeb, 0xfd,                             # jmp 2b
])


class VirtioMMIOVIS(QemuSystemTest):

    def vis_vm(self, *args, name='default'):
        self.set_machine('microvm')
        return self.get_vm('-nodefaults', '-global',
                           'virtio-mmio.force-legacy=false', '-global',
                           'virtio-mmio.vis=on', *args, name=name)

    def assert_refused(self, vm, message):
        """QEMU ends with an error message."""
        vm.set_qmp_monitor(enabled=False)
        vm.launch()
        vm.wait()
        self.assertEqual(vm.exitcode(), 1)
        self.assertIn(message, vm.get_log())

    def test_tables(self):
        """A device has a table in each window of the board."""
        vm = self.vis_vm('-device', 'virtio-rng-device')
        vm.launch()
        tree = vm.cmd('human-monitor-command', command_line='info mtree')
        for table in ('vectors', 'mask', 'pending'):
            self.assertIn('virtio-mmio-vis-' + table, tree)

    def test_too_many_vectors(self):
        vm = self.vis_vm('-global', 'virtio-mmio.vectors=65536',
                         '-device', 'virtio-rng-device')
        self.assert_refused(vm, 'vectors=65536 is more than 65535')

    def test_legacy(self):
        vm = self.vis_vm('-global', 'virtio-mmio.force-legacy=true',
                         '-device', 'virtio-rng-device')
        self.assert_refused(vm, 'vis=on needs force-legacy=false')

    def migrate(self, *args):
        """Returns the source and the destination, which has ARGS more."""
        uri = 'unix:' + self.socket_dir().name + '/migrate'
        device = ('-device', 'virtio-rng-device')
        target = self.vis_vm(*device, '-incoming', uri, *args, name='target')
        target.launch()
        source = self.vis_vm(*device, name='source')
        source.launch()
        source.cmd('migrate-set-capabilities',
                   capabilities=[{'capability': 'events', 'state': True}])
        source.cmd('migrate', uri=uri)
        return source, target

    def test_migration(self):
        source, target = self.migrate()
        self.assertIsNotNone(source.event_wait(
            'MIGRATION', match={'data': {'status': 'completed'}}))
        target.event_wait('RESUME')
        self.assertEqual(target.cmd('query-status')['status'], 'running')

    def test_migration_to_other_device(self):
        """The tables of the source would be elsewhere."""
        _, target = self.migrate('-global', 'virtio-mmio.vectors=9')
        target.wait()
        self.assertEqual(target.exitcode(), 1)
        self.assertIn('virtio_mmio/vis', target.get_log())

    def test_guest_without_vis(self):
        """The driver of the firmware uses the interrupt line, or polls."""
        disk = self.scratch_file('disk')
        with open(disk, 'wb') as image:
            image.write((BOOT_CODE + MESSAGE).ljust(SECTOR - 2, b'\0'))
            image.write(b'\x55\xaa')
            image.truncate(DISK_SIZE)
        vm = self.vis_vm('-bios', 'bios-microvm.bin', '-drive',
                         f'if=none,id=disk,format=raw,file={disk}',
                         '-device', 'virtio-blk-device,drive=disk')
        vm.set_console()
        vm.launch()
        wait_for_console_pattern(self, MESSAGE[:-3].decode())


if __name__ == '__main__':
    QemuSystemTest.main()
