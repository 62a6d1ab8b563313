#!/usr/bin/env python3
"""Runs every YAML block and every command of the documentation against the built program.

    tests/docs.py PROGRAM [PAGE...]

A block says behind its language what it is (readers do not see it):

    ```yaml file=north.yaml            written into the folder of the page
    ```yaml part=demo.yaml             put into a copy of the tenant: maps merge, also list items with the same
                                       rule, test, path …; other items are added, texts and lists replace
    ```yaml part=demo.yaml expect=E401 the same, and check must give exactly these errors
    ```yaml part=demo.yaml only-tests  the same, without the tests that the tenant has
    ```yaml settings                   put into the settings of docs/settings.md, which the program must accept
    ```csv append=tables/site.csv      rows added;  file= works for every language
    ```console                         `$ ` lines are run, the rest is what they print: `…` stands for any text,
                                       a line `…` for any lines, `[exit 1]` for the exit code
    ```console retry                   each line again until it prints that, for ten seconds at most
    ```console env=NAME                only where NAME is set in the environment; counted as skipped else

`<!-- docs: tenant mappings/demo -->` begins a fresh copy of that folder; each `## ` heading begins it anew. What
parts have made is checked and tested at the end of its section. `<!-- docs: folder fixtures/tutorial -->` begins a
copy that stays to the end of the page. A block of these languages without a word is a fault: nothing is passed
over in silence. What a command leaves running (`… >log 2>&1 &`) ends with the page. Everything runs in a network
of its own where that can be had, so that fixed ports are free and nothing leaves the machine."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYS = ("rule", "test", "path", "template", "trigger", "on")  # what names an item of a list, best first
# The policies of the examples are in force on that day. (A program with sanitizers cannot run under it.)
DAY = "@2026-11-22 12:00:00"
RUN = ("yaml", "csv", "hl7", "json", "console")


class Fault(Exception):
    pass


def clock():
    """What faketime puts into the environment; by itself it would wait for what runs in the background."""
    if not shutil.which("faketime"):
        return {}
    for _ in range(9):  # what a killed one of the same process number left behind makes it refuse
        done = subprocess.run(["faketime", "-f", DAY, "env"], capture_output=True, text=True)
        if done.returncode == 0:
            break
    said = done.stdout
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return {name: found[name] for name in ("LD_PRELOAD", "FAKETIME")}


CLOCK = clock()


def blocks_of(text):
    """(line, kind, info, body) of each fenced block, heading and directive, in order."""
    lines, i = text.splitlines(), 0
    while i < len(lines):
        line = lines[i]
        fence = re.match(r"^(```+)\s*(\w+)?\s*(.*)$", line)
        if fence:
            end = next((k for k in range(i + 1, len(lines)) if lines[k].startswith(fence[1])), len(lines))
            yield i + 1, fence[2] or "", fence[3], "\n".join(lines[i + 1:end]) + "\n"
            i = end
        elif line.startswith("## "):
            yield i + 1, "heading", line[3:], ""
        elif (said := re.match(r"^<!-- docs: (tenant|folder) (\S+) -->$", line)):
            yield i + 1, said[1], said[2], ""
        i += 1


def options(info):
    return dict(word.split("=", 1) if "=" in word else (word, "") for word in info.split())


def name_of(item):
    if isinstance(item, dict):
        for key in KEYS:
            if isinstance(item.get(key), str):
                return key, item[key]
    return None


def merge(base, part):
    """`part` put into `base`: maps key by key, list items by their name, all else replaced."""
    if isinstance(base, dict) and isinstance(part, dict):
        for key, value in part.items():
            base[key] = merge(base[key], value) if key in base else value
        return base
    if isinstance(base, list) and isinstance(part, list) and all(name_of(i) for i in base + part):
        for item in part:
            at = next((k for k, old in enumerate(base) if name_of(old) == name_of(item)), None)
            if at is None:
                base.append(item)
            else:
                base[at] = merge(base[at], item)
        return base
    return part


class Quoted(yaml.SafeDumper):
    """Every scalar is text."""

    def ignore_aliases(self, data):
        return True


Quoted.add_representer(str, lambda d, s: d.represent_scalar("tag:yaml.org,2002:str", s, style='"'))


class Page:
    def __init__(self, path, program):
        self.path, self.program = path, program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="docs-"))
        self.tenant, self.made, self.expect = None, set(), None
        self.passed = self.failed = 0
        self.skipped, self.groups = [], []

    def place(self, line):
        return f"{self.path.relative_to(ROOT)}:{line}"

    def fresh(self):
        if self.tenant:
            shutil.rmtree(self.folder)
            shutil.copytree(ROOT / self.tenant, self.folder)
        self.made, self.expect = set(), None

    def shell(self, command):
        env = dict(os.environ, PATH=f"{self.folder}/.bin:{os.environ['PATH']}", LC_ALL="C.UTF-8", NO_COLOR="1", **CLOCK)
        bin_folder = self.folder / ".bin"
        bin_folder.mkdir(exist_ok=True)
        link = bin_folder / "tidings"
        if not link.exists():
            link.symlink_to(self.program)
        with subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                              start_new_session=True) as run:
            self.groups.append(run.pid)
            try:
                out, err = run.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                raise
        return run.returncode, out + err

    def end_jobs(self):
        """What was left running; most groups are over."""
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                pass

    def end_section(self, line):
        """What the parts of a section have made: clean, and its tests pass; or exactly the errors it names."""
        if not self.made:
            return
        wanted, targets = self.expect, sorted(self.made)
        self.made, self.expect = set(), None
        rc, out = self.shell("tidings check " + " ".join(targets))
        errors = sorted(set(re.findall(r"error\[(E\d{3})\]", out)))
        if wanted is not None:
            if errors != sorted(wanted.split(",")):
                raise Fault(f"check gives {errors}, not {wanted}:\n{out}")
            return
        if rc != 0:
            raise Fault(f"check of {targets} ends with {rc}:\n{out}{self.failures(targets)}")

    def failures(self, targets):
        lines = self.shell("tidings test " + " ".join(targets))[1].splitlines()
        return "\n".join(line for line in lines if not line.startswith("ok"))

    def write(self, body, opt):
        path = self.folder / (opt.get("file") or opt.get("append") or opt["part"])
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise Fault("outside the folder of the page")
        path.parent.mkdir(parents=True, exist_ok=True)
        if "file" in opt:
            path.write_text(body, encoding="utf-8")
        elif "append" in opt:
            path.write_text(path.read_text(encoding="utf-8") + body, encoding="utf-8")
        else:
            base = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) if path.exists() else {}
            if "only-tests" in opt:
                base["tests"] = []
            whole = merge(base, yaml.load(body, yaml.BaseLoader))
            path.write_text(yaml.dump(whole, Dumper=Quoted, allow_unicode=True, sort_keys=False, width=10000),
                            encoding="utf-8")

    def settings(self, body):
        """The daemon is not there: that, and nothing else, is what `status` may find wrong."""
        page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
        base = next(b for _, language, info, b in blocks_of(page) if language == "yaml" and info == "settings")
        whole = yaml.load(body, yaml.BaseLoader)
        if body != base:
            whole = merge(yaml.load(base, yaml.BaseLoader), whole)
        (self.folder / "settings.yaml").write_text(yaml.dump(whole, Dumper=Quoted, allow_unicode=True), encoding="utf-8")
        self.shell("mkdir -p secrets && rm -f secrets/* && tidings keys init -c settings.yaml")
        rc, out = self.shell("tidings status -c settings.yaml")
        if rc != 3:
            raise Fault(f"the program does not take these settings ({rc}):\n{out}")

    def block(self, language, body, opt):
        if language == "console":
            self.console(body, 10 if "retry" in opt else 0)
            return
        if "settings" in opt:
            self.settings(body)
            return
        if not {"file", "append", "part"} & opt.keys():
            raise Fault(f"a {language} block without file=, append= or part=")
        self.write(body, opt)
        if self.tenant and ("part" in opt or "check" in opt):
            feeds = [p for p in self.folder.glob("*.yaml") if re.search(r'^"?feed"?:', p.read_text("utf-8"), re.M)]
            self.made.update(p.name for p in feeds)
        if "expect" in opt:
            self.expect = opt["expect"]

    def console(self, body, patience):
        commands = re.split(r"^\$ ", body, flags=re.M)
        if commands[0].strip() or len(commands) < 2:
            raise Fault("a console block starts with `$ `")
        for text in commands[1:]:
            lines = text.rstrip("\n").split("\n")
            command = lines.pop(0)
            while command.endswith("\\") and lines:
                command += "\n" + lines.pop(0)
            code = 0
            if lines and (said := re.match(r"^\[exit (\d+)\]$", lines[-1])):
                code = int(said[1])
                lines.pop()
            until = time.monotonic() + patience
            while (fault := self.command(command, code, lines)) and time.monotonic() < until:
                time.sleep(0.1)
            if fault:
                raise Fault(fault)

    def command(self, command, code, lines):
        """What is wrong with it, or None."""
        rc, out = self.shell(command)
        if rc != code:
            return f"`{command}` ends with {rc}, not {code}:\n{out[-3000:]}"
        if not matches([line.rstrip() for line in lines], [line.rstrip() for line in out.rstrip("\n").split("\n")]):
            return f"`{command}` prints something else:\n{out[-3000:]}"
        return None

    def run(self):
        last = 0
        for line, language, info, body in blocks_of(self.path.read_text(encoding="utf-8")):
            last = line
            if language in ("heading", "tenant", "folder"):
                self.attempt(line, self.end_section, line)
                if language == "folder":
                    shutil.copytree(ROOT / info, self.folder, dirs_exist_ok=True)
                elif language == "tenant":
                    self.tenant = info
                self.fresh()
            elif language in RUN and info != "excerpt":  # tests/code_pages.py made and ran it
                opt = options(info)
                if "env" in opt and not os.environ.get(opt["env"]):
                    self.skipped.append(f"{self.place(line)}: {opt['env']} is not set")
                    continue
                self.attempt(line, self.block, language, body, opt)
        self.attempt(last, self.end_section, last)
        self.end_jobs()
        shutil.rmtree(self.folder, ignore_errors=True)

    def attempt(self, line, step, *args):
        before = bool(self.made) if step == self.end_section else True
        try:
            step(*args)
            self.passed += before
        except (Fault, OSError, yaml.YAMLError, subprocess.TimeoutExpired, KeyError) as fault:
            self.failed += 1
            print(f"{self.place(line)}: {fault}")


def matches(wanted, got):
    """`…` in a line is any text, a line of only `…` any lines; no lines wanted: anything."""
    if not wanted:
        return True
    if wanted[0].strip() == "…":
        return any(matches(wanted[1:], got[k:]) for k in range(len(got) + 1)) if len(wanted) > 1 else True
    if not got:
        return False
    pattern = ".*".join(re.escape(part) for part in wanted[0].split("…"))
    if not re.fullmatch(pattern, got[0]):
        return False
    return matches(wanted[1:], got[1:]) if len(wanted) > 1 else len(got) == 1


def own_network():
    """Begins again in a network namespace with a loopback of its own, where that is allowed."""
    if os.environ.get("DOCS_NETWORK"):
        return
    alone = ["unshare", "--map-root-user", "--net", "--"]
    up = "ip link set lo up"
    if all(map(shutil.which, ("unshare", "ip"))) and subprocess.run([*alone, "sh", "-c", up], check=False,
                                                                    capture_output=True).returncode == 0:
        os.environ["DOCS_NETWORK"] = "own"
        os.execvp(alone[0], [*alone, "sh", "-c", f'{up} && exec "$@"', "sh", sys.executable, *sys.argv])


def main():
    own_network()
    program = pathlib.Path(sys.argv[1]).resolve()
    pages = [pathlib.Path(p).resolve() for p in sys.argv[2:]] or \
        [ROOT / "README.md"] + sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "mappings").rglob("*.md"))
    passed = failed = 0
    skipped = []
    for path in pages:
        page = Page(path, program)
        page.run()
        passed, failed = passed + page.passed, failed + page.failed
        skipped += page.skipped
    for reason in skipped:
        print(f"skipped {reason}")
    print(f"{passed} passed, {failed} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
