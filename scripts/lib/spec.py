# SPDX-License-Identifier: GPL-2.0-only
"""Writes the numbered statements and the prose of Documentation/virtio-vis.rst into a checkout
of the virtio specification, in the form of that specification.

usage: spec.py text STATEMENTS WORDS TREE      edits the files of TREE
       spec.py suspended STATEMENTS            prints the sentences that VIS suspends

WORDS is the directory of the register rows and of the feature bit's description.
"""

import pathlib
import re
import sys
import textwrap

import docutils.core
import docutils.nodes as nodes

MMIO = 'Virtio Transport Options / Virtio Over MMIO'
VIS = f'{MMIO} / Virtio Interrupt Storage'
LAYOUT = f'{MMIO} / MMIO Device Register Layout'
NOTIFICATIONS = f'{MMIO} / MMIO-specific Initialization And Device Operation / ' \
                'Notifications From The Device'
ENABLED = r'\field{ENABLE} is 1 in \field{VISControl}'

# The title of the only chapter that has no number and becomes part of the specification
TERMS = 'Conventions'
# This chapter becomes changes of the sentences that it names.
SUSPENDED = '18'
# This chapter changes the meaning of the interrupt signal.
LINE = '14'

# Text that is true only of a document that stands alone, and its replacement in the specification
ALONE = {
    'The layout is defined once, in ``include/uapi/linux/virtio_vis.h``.': '',
    'Only the numbered statements are obligations. A statement that begins with D binds the '
    'device, and one that begins with R binds the driver. The digits before the last two are '
    'the number of the chapter. A number is never given to another statement. The key words '
    'MUST, MUST NOT, SHOULD, SHOULD NOT and MAY are used as described in RFC 2119. '
    '`Statements and their tests`_ names the test that checks each statement.': '',
    'The *base specification* is the virtio specification, version 1.4. The classic registers '
    'are those of its section "Virtio Over MMIO".': '',
    'It lies in the range that the virtio specification reserves, and is experimental until '
    'OASIS assigns another.': '',
    'The registers lie in the register block of virtio-mmio, at offsets that version 1.4 of the '
    'virtio specification leaves free::':
        'The registers are described with the others, in LAYOUT. The memory of the tables counts '
        'as described there. These registers have fields::',
    'Clarifications and new tests keep it.': 'Clarifications keep it.',
    'When OASIS assigns a feature bit, the new bit comes with a new document, and bit 49 is not '
    'used again.': '',
}

CONFORMANCE = {
    'Driver': 'An MMIO driver that can accept VIRTIO_F_VIS MUST also conform to\n'
              'the following normative statements:',
    'Device': 'An MMIO device that offers VIRTIO_F_VIS MUST also conform to the\n'
              'following normative statements:',
}

FIELDS = r'\b(VIS[A-Z]\w+|Interrupt(?:Status|ACK)|Queue[A-Z]\w+|SHMSel|Status|ENABLE)\b'
VARIABLES = (
    (r'\b32w \+ i\b', '$32w + i$'),
    (r'\b([Bb])it i of word w\b', r'\1it $i$ of word $w$'),
    (r'\bN( - 1)?\b', r'$N\1$'),
)


def die(text):
    sys.exit(f'spec.py: error: {text}')


def spaced(text):
    """A pattern for text, wherever its lines are broken."""
    return r'\s+'.join(re.escape(word) for word in text.split())


def read_statements(path):
    """The document tree of the statements, with the replacements of ALONE."""
    source = pathlib.Path(path).read_text()
    for words, instead in ALONE.items():
        source, count = re.subn(spaced(words), lambda _, text=instead: text, source)
        if count != 1:
            die(f'{path} says {count} times: {words}')
    # A reference to a section that is left out
    source = re.sub(r'`([^`]+)`_', r'\1', source)
    return docutils.core.publish_doctree(source, settings_overrides={'report_level': 4})


def title_case(title):
    return ' '.join(word[0].upper() + word[1:] for word in title.split())


def wrapped(text, first='', indent=''):
    """The text in lines of the specification's width, none of which ends within a label"""
    text = re.sub(r'\\ref{[^}]*}|\$[^$]*\$', lambda match: match[0].replace(' ', '\0'), text)
    return textwrap.fill(text, 65, initial_indent=first, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False).replace('\0', ' ')


class Converter:
    """Turns the document tree into LaTeX, a block of it per line of self.blocks."""

    def __init__(self, tree):
        self.blocks = []
        self.labels = []
        self.chapters = {}
        self.requirements = {}
        sections = list(self.sections(tree))
        for number, title, section in sections:
            self.register(number, title, section)
        self.blocks.append(rf'\subsection{{Virtio Interrupt Storage}}\label{{sec:{VIS}}}')
        self.convert(child for child in tree if not isinstance(child, nodes.section))
        for _, title, section in sections:
            self.blocks.append(rf'\subsubsection{{{title}}}\label{{sec:{VIS} / {title}}}')
            self.convert(section.children[1:], title)

    @staticmethod
    def sections(tree):
        for section in tree.findall(nodes.section):
            title = section[0].astext()
            numbered = re.match(r'(\d+)\. (.*)', title)
            if title == TERMS:
                yield None, 'Terms', section
            elif numbered and numbered[1] != SUSPENDED:
                yield numbered[1], title_case(numbered[2]), section

    def register(self, number, title, section):
        """Notes the target of references to this chapter or to one of its statements."""
        self.chapters[number] = rf'\ref{{sec:{VIS} / {title}}}'
        for strong in section.findall(nodes.strong):
            kind = {'D': 'device', 'R': 'driver'}[strong.astext()[0]] \
                if re.fullmatch(r'[DR]\d+', strong.astext()) else None
            if kind:
                self.requirements[strong.astext()] = rf'\ref{{{kind}normative:{VIS} / {title}}}'

    def convert(self, children, title=None):
        for node in children:
            handler = getattr(self, type(node).__name__, None)
            if not handler:
                die(f'no form for {type(node).__name__}: {node.astext()[:60]}')
            handler(node, title)

    # The kinds of blocks, under the names of docutils

    def title(self, node, _):
        """The title of the whole document, which is a section here"""

    comment = topic = pending = title

    def section(self, node, title):
        kind = re.match(r'[\d.]+ (Device|Driver) requirements: ', node[0].astext())
        if not kind:
            die(f'neither device nor driver: {node[0].astext()}')
        kind = kind[1].lower()
        self.blocks.append(rf'\{kind}normative{{\paragraph}}{{{title}}}{{{VIS} / {title}}}')
        self.labels.append(f'{kind}normative:{VIS} / {title}')
        self.convert(node.children[1:], title)

    def paragraph(self, node, _):
        self.blocks.append(wrapped(self.inline(node)))

    def literal_block(self, node, _):
        # The rows of the registers have this.
        if node.astext().startswith('offset'):
            return
        self.blocks.append('\\begin{lstlisting}\n' + node.astext() + '\n\\end{lstlisting}')

    def bullet_list(self, node, _):
        items = [item[0] for item in node]
        if isinstance(items[0][0], nodes.strong):
            self.blocks += [f'% {item[0].astext()}\n' + wrapped(self.inline(item, 1))
                            for item in items]
            return
        self.blocks.append('\n'.join(
            ['\\begin{itemize}',
             *(wrapped(self.inline(item), r'\item ', '  ') for item in items),
             '\\end{itemize}']))

    def table(self, node, _):
        """A list of terms: two columns"""
        rows = [[self.inline(entry[0]) for entry in row] for row in node.findall(nodes.row)]
        self.blocks.append('\n'.join(
            ['\\begin{description}',
             *(wrapped(meaning, rf'\item[{term}] ', '  ') for term, meaning in rows),
             '\\end{description}']))

    # Elements within a line

    def inline(self, node, start=0):
        text = ''.join(self.leaf(leaf) for leaf in node.children[start:])
        return ' '.join(text.split())

    def leaf(self, leaf):
        text = leaf.astext()
        if isinstance(leaf, nodes.literal):
            return rf'\texttt{{{self.escaped(text)}}}'
        if isinstance(leaf, nodes.emphasis):
            return rf'\emph{{{self.escaped(text)}}}'
        if isinstance(leaf, nodes.strong):
            return rf'\textbf{{{self.escaped(text)}}}'
        if isinstance(leaf, nodes.Text):
            return self.words(self.escaped(text))
        return die(f'no form for {type(leaf).__name__}: {text}')

    @staticmethod
    def escaped(text):
        return re.sub(r'[&%$#{}]', r'\\\g<0>', text)

    def words(self, text):
        text = re.sub(r'\s+', ' ', text)
        text = re.sub(FIELDS, r'\\field{\1}', text)
        for pattern, form in VARIABLES:
            text = re.sub(pattern, form, text)
        text = re.sub(r'"([^"]*)"', r"``\1''", text)
        text = re.sub(r'\((?=(?:[DR]\d{3,4}|chapter \d+)[,)])', '(see ', text)
        text = re.sub(r'\bchapter (\d+)', lambda match: self.chapters[match[1]], text)
        text = re.sub(r'\b[DR]\d{3,4}(?:, [DR]\d{3,4})*', self.references, text)
        return text.replace('LAYOUT', rf'\ref{{sec:{LAYOUT}}}')

    def references(self, match):
        sections = (self.requirements[statement] for statement in match[0].split(', '))
        return ', '.join(dict.fromkeys(sections))


class File:
    """A file of the specification, whose places are found by the names in them"""

    def __init__(self, tree, name):
        self.path = pathlib.Path(tree) / name
        self.lines = self.path.read_text().split('\n')

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not kind:
            self.path.write_text('\n'.join(self.lines))

    def find(self, *patterns):
        """The line of the last pattern; the search for each begins at the line of the last one"""
        number = 0
        for pattern in patterns:
            while not re.search(pattern, self.lines[number]):
                number += 1
                if number == len(self.lines):
                    die(f'{self.path} has no line with {pattern}')
        return number

    def insert(self, text, *patterns):
        """Inserts text before the line that the patterns find"""
        number = self.find(*patterns)
        self.lines[number:number] = text.split('\n')

    def replace(self, old, new, *patterns):
        number = self.find(*patterns)
        self.lines[number], count = re.subn(old, new, self.lines[number], count=1)
        if not count:
            die(f'{self.path}:{number + 1} has no {old}')

    def limit(self, label, *fields):
        """Makes the paragraph with these fields below label hold only while ENABLE is 0."""
        number = self.find(re.escape(label), *fields)
        while self.lines[number - 1].strip():
            number -= 1
        line = self.lines[number]
        self.lines[number:number + 1] = [f'Unless {ENABLED},', line[0].lower() + line[1:]]


def edit_transport(tree, words, converter):
    with File(tree, 'transport-mmio.tex') as mmio:
        mmio.insert(f'    While {ENABLED}, this register reads 0\n'
                    f'    (see {converter.chapters[LINE]}).',
                    r'\\mmioreg{InterruptStatus}', r'^  }$')
        mmio.insert(f'    While {ENABLED}, writing has no effect.',
                    r'\\mmioreg{InterruptACK}', r'^  }$')
        mmio.insert((words / 'registers.tex').read_text().rstrip(), r'\\mmioreg{ConfigGeneration}')
        mmio.limit(f'{{{LAYOUT}}}', r'^\\devicenormative', r'\\field{InterruptStatus}')
        mmio.limit(f'{{{LAYOUT}}}', r'^\\drivernormative', r'\\field{InterruptACK}')
        mmio.insert(f'While {ENABLED}, the device does\n'
                    'not use this signal and sends messages instead, see\n'
                    rf'\ref{{sec:{VIS}}}~\nameref{{sec:{VIS}}}.' '\n',
                    re.escape(f'label{{sec:{NOTIFICATIONS}}}'), r'^\\drivernormative')
        mmio.insert(f'The following requirements apply unless\n{ENABLED}.\n',
                    r'^\\drivernormative.*' + re.escape(f'{{{NOTIFICATIONS}}}'), r'^\w')
        mmio.insert('\n\n'.join(converter.blocks) + '\n', r'^\\subsection{Legacy interface}')
    with File(tree, 'transport-ccw.tex') as ccw:
        ccw.insert(r'\item VIRTIO_F_VIS',
                   r'^\\subsection{Features reserved', r'VIRTIO_PMEM_F_SHMEM_REGION')


def edit_feature_bit(tree, words):
    with File(tree, 'content.tex') as content:
        content.replace('and 43', '43 and 49', r'^\\section{Feature Bits}', r'^\\item\[24 to')
        content.replace('44 to 49', '44 to 48', r'^\\section{Feature Bits}', r'^\\item\[44 to 49')
        content.insert((words / 'feature.tex').read_text(),
                       r'^\\chapter{Reserved Feature Bits}', r'^\\end{description}')


def edit_conformance(tree, labels):
    with File(tree, 'conformance.tex') as conformance:
        for kind in 'Driver', 'Device':
            clauses = [rf'\item \ref{{{label}}}' for label in labels
                       if label.startswith(kind.lower())]
            conformance.insert('\n'.join(
                ['\\end{itemize}\n', CONFORMANCE[kind], '', '\\begin{itemize}', *clauses]),
                rf'{{MMIO {kind} Conformance}}', r'^\\end{itemize}')


def write_text(statements, words, tree):
    converter = Converter(read_statements(statements))
    edit_transport(tree, pathlib.Path(words), converter)
    edit_feature_bit(tree, pathlib.Path(words))
    edit_conformance(tree, converter.labels)


def print_suspended(statements):
    for section in read_statements(statements).findall(nodes.section):
        if not section[0].astext().startswith(f'{SUSPENDED}. '):
            continue
        table = next(section.findall(nodes.tbody))
        where = None
        for row in table:
            place, sentence = (' '.join(entry.astext().split()) for entry in row[:2])
            if place != where:
                print(f'\n   {place}:')
                where = place
            print(textwrap.fill(sentence, 72, initial_indent='   - ', subsequent_indent='     '))


if __name__ == '__main__':
    {'text': write_text, 'suspended': print_suspended}[sys.argv[1]](*sys.argv[2:])
