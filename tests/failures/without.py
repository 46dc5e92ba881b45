"""Programs of the build at hand with a protection taken out: one or more places of the C text
changed, compiled as the build compiles them, and linked before the library.

A change is (path, text, replacement); the text must stand in the file exactly once."""

import json
import os
import shlex
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARIES = '-lyaml -lxxhash -lgmp -ljansson -lm'.split()


class NotPossible(Exception):
    """This build cannot be changed in places: the reason."""


def changed_text(changes, path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        text = file.read()
    for _, old, new in (c for c in changes if c[0] == path):
        if text.count(old) != 1:
            raise ValueError(f'{path}: `{old}` stands there {text.count(old)} times')
        text = text.replace(old, new)
    return text


class Build:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        path = os.path.join(self.folder, 'compile_commands.json')
        if not os.path.exists(path):
            raise NotPossible('the build has no compile_commands.json')
        self.commands = {}
        with open(path, encoding='utf-8') as file:
            for entry in json.load(file):
                source = os.path.normpath(os.path.join(entry['directory'], entry['file']))
                if os.path.relpath(source, ROOT) not in self.commands:
                    self.commands[os.path.relpath(source, ROOT)] = shlex.split(entry['command'])
        if any('-flto' in word for word in self.commands['engine/engine.c']):
            raise NotPossible('with link-time optimisation each link takes as long as the build')

    def object_of(self, source):
        """Where the build keeps the object of a source that it compiled once."""
        words = self.commands[source]
        return os.path.join(self.folder, words[words.index('-o') + 1])

    def compile(self, path, text, folder):
        output = os.path.join(folder, path.replace(os.sep, '_') + '.o')
        words = self.commands[path]
        words = [w for i, w in enumerate(words)
                 if w not in ('-o', '-c', '-MD') and not w.startswith('-W')
                 and (i == 0 or words[i - 1] not in ('-o', '-MF', '-MQ', '-c')) and w != '-MF'
                 and w != '-MQ']
        done = subprocess.run([*words, '-w', '-o', output, '-c', '-x', 'c', '-'], input=text,
                              text=True, capture_output=True, cwd=self.folder, check=False)
        if done.returncode != 0:
            raise ValueError(f'{path} as changed: {done.stderr}')
        return output

    def link(self, name, sources, changes, folder):
        """The program of these sources and the library with these changes; its path."""
        objects = [self.compile(path, changed_text(changes, path), folder)
                   for path in sorted({c[0] for c in changes})]
        words = self.commands['engine/engine.c']
        flags = [w for w in words[1:] if w.startswith(('-fsanitize', '-fno-sanitize'))]
        compiler = [w for w in words[:2] if not w.startswith('-')]
        program = os.path.join(folder, name)
        done = subprocess.run([*compiler, *flags, '-o', program, *objects,
                               *[self.object_of(s) for s in sources],
                               os.path.join(self.folder, 'libweir.a'), *LIBRARIES],
                              text=True, capture_output=True, cwd=self.folder, check=False)
        if done.returncode != 0:
            raise ValueError(done.stderr)
        return program
