# SPDX-License-Identifier: GPL-2.0-only
"""Compares the numbered statements of Documentation/virtio-vis.rst with the text that spec.py has
made of them. Nothing here is shared with spec.py.

usage: spec_check.py form STATEMENTS TREE        the files of the specification
       spec_check.py pages STATEMENTS TEXT       the pages as pdftotext prints them
"""

import pathlib
import re
import sys
import unicodedata

KEYWORD = r'\b(?:MUST|SHOULD|MAY)\b'
SUBJECT = {'D': 'The device ', 'R': 'The driver '}
failures = []


def expect(condition, complaint):
    if not condition:
        failures.append(complaint)


def read(*path):
    return pathlib.Path(*path).read_text()


def requirements(source):
    """(chapter, Device or Driver, {number: statement}) for each section of statements"""
    chapter = None
    for part in re.split(r'^(?=\d[\d.]* \S.*\n[=-]+\n)', source, flags=re.MULTILINE):
        title = re.match(r'[\d.]+ (.*)', part)
        kind = re.match(r'\d+\.\d+ (Device|Driver) requirements', part)
        if title and not kind:
            chapter = title[1]
        elif kind:
            found = re.findall(r'^- \*\*([DR]\d+)\*\* ((?:.+\n)+?)(?=- |\n|\Z)', part, re.MULTILINE)
            yield chapter, kind[1], {number: ' '.join(text.split()) for number, text in found}


def statements(source):
    return {number: text for _, _, some in requirements(source) for number, text in some.items()}


def check_statements(source):
    found = statements(source)
    expect(list(found) == re.findall(r'^- \*\*([DR]\d+)', source, re.MULTILINE),
           'statements outside the sections of requirements')
    for number, text in found.items():
        expect(text.startswith(SUBJECT[number[0]]), f'{number} does not begin with its subject')
        expect(len(re.findall(KEYWORD, text)) == 1, f'{number} has not one key word')
        expect(re.fullmatch(r'[^.]*(?:\w\.\w[^.]*)*\.', text), f'{number} is not one sentence')


def check_registers(source, tree):
    """The rows of the registers are those of the statements' table."""
    stated = {(name.strip('()'), offset, access) for offset, name, access in
              re.findall(r'^  (0x0[c-e][\da-f]) +(\S+) +(RW?)\b', source, re.MULTILINE)}
    text = read(tree, 'transport-mmio.tex')
    text = text[text.index(r'\mmioreg{QueueReset}'):text.index(r'\mmioreg{ConfigGeneration}')]
    rows = {(name.strip('()'), offset, access) for name, offset, access in
            re.findall(r'\\mmioreg{([^}]*)}{[^}]*}{([^}]*)}{(R|W|RW)}', text)[1:]}
    for low, high, first, second, access in \
            re.findall(r'\\mmiodreg{(\w+)}{(\w+)}{[^}]*}{(\w+)}{(\w+)}{(R|W|RW)}', text):
        rows |= {(low, first, access), (high, second, access)}
    expect(stated and stated == rows, f'registers differ: {sorted(stated ^ rows)}')


def check_conformance(source, tree):
    """The conformance clauses name each section of requirements."""
    labels = re.findall(r'^\\(device|driver)normative{.*?}{.*?}{(.*Interrupt Storage.*)}$',
                        read(tree, 'transport-mmio.tex'), re.MULTILINE)
    listed = re.findall(r'\\ref{(device|driver)normative:(.*Interrupt Storage.*)}',
                        read(tree, 'conformance.tex'))
    expect(len(labels) == len(list(requirements(source))), 'sections of requirements are missing')
    expect(sorted(labels) == sorted(listed), 'conformance.tex lists others than there are')


def check_form(path, tree):
    source = read(path)
    check_statements(source)
    check_registers(source, tree)
    check_conformance(source, tree)


def squeezed(text):
    """The text without parts that a page may change: ligatures, quotation marks, spaces"""
    text = unicodedata.normalize('NFKC', text)
    text = text.translate(str.maketrans('\u201c\u201d\u2018\u2019\u2212', '""\'\'-'))
    return re.sub(r'\s+', '', text)


def pattern(text):
    """A pattern of squeezed text in which a reference may stand for the number of a statement"""
    return re.sub(r'\\\([DR]\d+\\\)', r'\\(see[\\d.]+\\)', re.escape(squeezed(text)))


def check_pages(path, pages):
    """Each section of requirements is on the pages, whole and in order, with no other key words."""
    source = read(path)
    text = unicodedata.normalize('NFKC', read(pages))
    text = re.search(r'^[\d.]+\s+Virtio Interrupt Storage\n.*?(?=^[\d.]+\s+Legacy interface\n)',
                     text.replace('\f', ''), re.DOTALL | re.MULTILINE)[0]
    page, place = squeezed(text), 0
    for chapter, kind, some in requirements(source):
        heading = f'{kind} Requirements: {chapter}'
        start = re.compile(re.escape(squeezed(heading)), re.IGNORECASE).search(page, place)
        expect(start, f'no heading "{heading}"')
        place = start.end() if start else place
        for number, statement in some.items():
            match = re.compile(pattern(statement)).match(page, place)
            expect(match, f'{number} does not follow on the pages: {page[place:place + 60]}')
            place = match.end() if match else place
    count = len(re.findall(KEYWORD, text))
    stated = len(statements(source))
    expect(count == stated, f'{count} key words, {stated} statements')


if __name__ == '__main__':
    {'form': check_form, 'pages': check_pages}[sys.argv[1]](*sys.argv[2:])
    sys.exit('\n'.join(failures) or None)
