"""Which commands stand in a line of shell, wherever they stand in it: enough of its grammar for what the documents show."""

import re
import shlex

_OPERATORS = set("();<>|&")
_STARTERS = {"until", "while", "if", "do", "then", "done", "fi", "!"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")


def calls(line: str, program: str) -> list[list[str]]:
    """The arguments of each call of a program in a line of shell, in order."""
    return [words[1:] for words in commands(line) if words[0].rsplit("/", 1)[-1] == program]


def commands(line: str) -> list[list[str]]:
    """Every command in a line of shell, as its words; what stands inside quotes is one word."""
    found: list[list[str]] = []
    for command in _simple_commands(line):
        words = command
        while words and (words[0] in _STARTERS or _ASSIGNMENT.fullmatch(words[0])):
            words = words[1:]
        if words:
            found.append(words)
    return found


def _simple_commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    commands: list[list[str]] = [[]]
    redirects = False
    for word in lexer:
        if set(word) <= _OPERATORS:
            redirects = word in {">", "<", ">>"}
            if not redirects:
                commands.append([])
        elif redirects:
            redirects = False
        else:
            # What opens a substitution belongs to the word before it: `X=$(` gives `X=$`.
            commands[-1].append(word)
    return commands
