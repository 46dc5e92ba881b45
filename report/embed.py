"""Makes the C file that holds the page of a report: the template with its styles and scripts
inside, cut where the data goes. Usage: embed.py TEMPLATE STYLE SCRIPT... OUTPUT"""

import base64
import hashlib
import sys


def digest(text):
    """The hash by which the page's security policy admits exactly this style or script."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def c_array(name, text):
    data = text.encode()
    lines = []
    for at in range(0, len(data), 16):
        lines.append("    " + "".join("%d," % byte for byte in data[at:at + 16]))
    return ("const unsigned char %s[] = {\n%s\n};\nconst size_t %s_size = sizeof %s;\n"
            % (name, "\n".join(lines), name, name))


def main(template_path, style_path, *rest):
    script_paths, output_path = rest[:-1], rest[-1]

    def read(path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    style = read(style_path)
    script = "(function () {\n'use strict';\n" + "".join(map(read, script_paths)) + "})();\n"
    if "</" in style or "</script" in script.lower() or "<!--" in script:
        sys.exit("embed.py: a style or script would end its own element")
    page = read(template_path)
    for mark, text in (("{{STYLE_HASH}}", digest(style)), ("{{SCRIPT_HASH}}", digest(script)),
                       ("{{STYLE}}", style), ("{{SCRIPT}}", script)):
        if page.count(mark) != 1:
            sys.exit("embed.py: the template must hold %s once" % mark)
        page = page.replace(mark, text)
    head, _, tail = page.partition("{{DATA}}")
    if not tail or "{{" in tail.replace(script, ""):
        sys.exit("embed.py: the template must hold {{DATA}} once")
    with open(output_path, "w", encoding="utf-8") as file:
        file.write("#include \"report/internal.h\"\n")
        file.write(c_array("weir_report_page_head", head))
        file.write(c_array("weir_report_page_tail", tail))


if __name__ == "__main__":
    main(*sys.argv[1:])
