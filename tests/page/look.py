"""Opens the pages in Chromium and judges them as a reader would: usage: look.py BROWSER FOLDER PICTURES."""

import json
import pathlib
import subprocess
import sys

from playwright.sync_api import sync_playwright

BROWSER, FOLDER, PICTURES = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
AXE = (FOLDER / "package/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"wide": (1280, 900), "narrow": (390, 800)}
wrong = []


def claim(holds, text):
    if not holds:
        wrong.append(text)
        print("WRONG:", text)


def look(browser, name, scheme, size):
    """One page in one light and at one width: nothing asked for, nothing said, nothing cut off, and axe-core is content."""
    width, height = WIDTHS[size]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append("dialog " + dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((FOLDER / f"{name}.html").as_uri())
    at = f"{name}, {scheme}, {size}"
    claim(not said, f"{at}: the console has {said}")
    others = [url for url in asked[1:] if not url.startswith("data:")]
    claim(not others, f"{at}: it asks for {others}")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    claim(overflow <= 0, f"{at}: {overflow} pixels too wide")
    page.screenshot(path=PICTURES / f"{name}-{scheme}-{size}.png", full_page=True)
    # All that can be opened is open, so that contrast is judged there as well.
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    for one in found["violations"]:
        nodes = [node["html"][:160] for node in one["nodes"][:3]]
        claim(False, f"{at}: axe-core: {one['id']} ({one['impact']}): {one['help']}: {nodes}")
    claim(len(found["passes"]) > 15, f"{at}: axe-core looked at next to nothing")
    print(f"{at}: {len(asked)} request, {len(said)} lines in the console, {len(found['passes'])} rules of axe-core hold, "
          f"{len(found['violations'])} do not")
    context.close()


def keyboard(browser, name):
    """Everything that opens can be reached and opened without a mouse."""
    page = browser.new_page()
    page.goto((FOLDER / f"{name}.html").as_uri())
    page.keyboard.press("Tab")
    claim(page.evaluate("document.activeElement.className") == "skip", f"{name}: the first stop is the skip link")
    reached = 0
    opened = False
    for _ in range(400):
        page.keyboard.press("Tab")
        tag = page.evaluate("document.activeElement.tagName")
        if tag == "BODY":
            break
        if tag == "SUMMARY":
            reached += 1
            if not opened:
                before = page.evaluate("document.activeElement.parentElement.open")
                page.keyboard.press("Enter")
                opened = page.evaluate("document.activeElement.parentElement.open") != before
    all_of_them = page.evaluate("[...document.querySelectorAll('summary')].filter(s => s.checkVisibility()).length")
    claim(reached == all_of_them, f"{name}: {reached} of {all_of_them} summaries are reached by Tab")
    claim(opened, f"{name}: Enter opens nothing")
    page.close()


def on_paper(browser, name, words):
    """What is folded on a screen stands on paper."""
    page = browser.new_page(color_scheme="dark")
    page.goto((FOLDER / f"{name}.html").as_uri())
    paper = PICTURES / f"{name}.pdf"
    page.pdf(path=paper, format="A4", margin={side: "15mm" for side in ("top", "bottom", "left", "right")})
    page.close()
    text = subprocess.run(["pdftotext", "-raw", paper, "-"], capture_output=True, check=True, text=True).stdout
    text = "".join(text.split())
    missing = [word for word in words if "".join(word.split()) not in text]
    claim(not missing, f"{name}: not on paper: {missing[:5]} and {len(missing)} in all")


def without_scripts(browser, name):
    """The same stands there where nothing may run."""
    texts = []
    for enabled in (True, False):
        context = browser.new_context(java_script_enabled=enabled)
        page = context.new_page()
        page.goto((FOLDER / f"{name}.html").as_uri())
        texts.append(page.locator("main").inner_text())
        context.close()
    claim(texts[0] == texts[1] and len(texts[0]) > 500, f"{name}: it reads otherwise without scripts")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    print("Chromium", browser.version)
    incident = json.loads((FOLDER / "incident.json").read_text())
    host = json.loads((FOLDER / "host.json").read_text())
    plain = [entry["path"] for entry in incident["entries"] if entry["path"].isascii()]
    for name, words in (("incident", plain), ("host", [one["venv"] for one in host["venvs"]]), ("damaged", [])):
        for scheme in ("light", "dark"):
            for size in WIDTHS:
                look(browser, name, scheme, size)
        keyboard(browser, name)
        without_scripts(browser, name)
        on_paper(browser, name, words)
    browser.close()
print(f"pictures in {PICTURES}; {len(wrong)} claims do not hold")
sys.exit(1 if wrong else 0)
