"""One HTML file that needs nothing else: charts stay alive, formulas are MathML, a print style for paper."""

from __future__ import annotations

import html
from collections.abc import Sequence

from pruning.results.report.blocks import Document, Figure
from pruning.results.report.drawings import formula_mathml, untitled
from pruning.results.report.kinds import FileFormat, formats
from pruning.results.report.writer import Writer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 Georgia, serif; color: #1a1a1a;
  background: #fff; }}
h1, h2, h3, h4, table, figcaption, caption {{ font-family: system-ui, sans-serif; }}
h1 {{ line-height: 1.2; margin-bottom: 0; }} .subtitle {{ color: #555; margin-top: .3rem; font-size: .9rem; }}
table {{ border-collapse: collapse; font-size: .85rem; width: 100%; border-top: 2px solid; border-bottom: 2px solid; }}
caption {{ text-align: left; margin-bottom: .4rem; }} th {{ border-bottom: 1px solid; text-align: left; }}
th, td {{ padding: .2rem .5rem; vertical-align: top; }}
td.number {{ white-space: nowrap; }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
figure {{ margin: 1.5rem 0; }} figcaption, caption {{ font-size: .9rem; }}
.scroll {{ overflow-x: auto; }}
pre {{ background: #f4f4f4; padding: .7rem; overflow-x: auto; font-size: .8rem; }}
@media print {{ pre {{ white-space: pre-wrap; }} figure, tr {{ break-inside: avoid; }} }}
</style>
<script>{plotly}</script>
</head>
<body>
<h1>{title}</h1>
<p class="subtitle">{subtitle}</p>
{body}
</body>
</html>
"""


@formats.register
class Html(FileFormat):
    name = "html"
    label = "HTML"
    summary = "One file for a browser; charts show their numbers under the pointer."
    rank = 20
    suffix = ".html"
    mime = "text/html"

    def write(self, document: Document, width: int) -> bytes:
        from plotly.offline import get_plotlyjs

        body = "\n".join(HtmlWriter(document).blocks())
        plotly = get_plotlyjs() if document.figures else ""
        title, subtitle = html.escape(document.title), html.escape(document.subtitle)
        return PAGE.format(title=title, subtitle=subtitle, plotly=plotly, body=body).encode()


class HtmlWriter(Writer):
    def escaped(self, text: str) -> str:
        return html.escape(text)

    def cite(self, key: str) -> str:
        return f"[{self.document.number(key)}]"

    def heading(self, words: str, level: int) -> str:
        return f"<h{level + 1}>{words}</h{level + 1}>"

    def paragraph(self, words: str, *, tight: bool) -> str:
        return words if tight else f"<p>{words}</p>"

    def emphasis(self, words: str, *, strong: bool) -> str:
        tag = "strong" if strong else "em"
        return f"<{tag}>{words}</{tag}>"

    def code(self, text: str) -> str:
        return f"<code>{html.escape(text)}</code>"

    def code_block(self, text: str, language: str) -> str:
        return f"<pre><code>{html.escape(text)}</code></pre>"

    def link(self, address: str, words: str) -> str:
        return f'<a href="{html.escape(address)}">{words}</a>'

    def listing(self, items: Sequence[str], *, ordered: bool) -> str:
        tag = "ol" if ordered else "ul"
        return f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"

    def quote(self, words: str) -> str:
        return f"<blockquote>{words}</blockquote>"

    def rule(self) -> str:
        return "<hr>"

    def hard_break(self) -> str:
        return "<br>"

    def formula(self, latex: str) -> str:
        return formula_mathml(latex)

    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[bool], caption: str) -> str:
        look = ['<{0} class="number">{1}</{0}>' if number else "<{0}>{1}</{0}>" for number in right]
        rows = [("th", head), *(("td", line) for line in lines)]
        written = [
            f"<tr>{''.join(form.format(tag, cell) for form, cell in zip(look, cells, strict=True))}</tr>"
            for tag, cells in rows
        ]
        title = f"<caption>Table {self.tables}: {caption}</caption>"
        return f'<div class="scroll"><table>{title}{"".join(written)}</table></div>'

    def figure(self, figure: Figure, caption: str) -> str:
        import plotly.io

        chart = plotly.io.to_html(
            untitled(figure.chart).figure("light"),
            full_html=False,
            include_plotlyjs=False,
            div_id=f"figure-{self.figures}",
            config={"displaylogo": False, "responsive": True},
        )
        alt = html.escape(figure.chart.alt)
        said = f"<figcaption>Figure {self.figures}: {caption}</figcaption>"
        return f'<figure role="group" aria-label="{alt}">{chart}{said}</figure>'
