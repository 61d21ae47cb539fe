#include "report/html.h"

namespace gptask {

std::string_view style_sheet() noexcept {
  return R"css(
:root{color-scheme:light dark;--page:#fafaf8;--card:#fff;--ink:#1d2126;--soft:#646b75;--line:#e3e4e0;--loss:#2f6fb5;--rate:#2e8b6a;
--norm:#b4622d;--eval:#a33b6f;--heat:47,111,181;--good:#2e8b6a;--bad:#b3402f}
@media(prefers-color-scheme:dark){:root{--page:#15181c;--card:#1d2126;--ink:#e6e8ea;--soft:#9aa2ac;--line:#31373f;--loss:#72aaea;
--rate:#63c39d;--norm:#e39a66;--eval:#e086b0;--heat:114,170,234;--good:#63c39d;--bad:#ee8575}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:0 0 12px}.sub{color:var(--soft);margin:4px 0 22px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 18px;overflow-x:auto}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:0 0 18px}
.tile{flex:1 1 150px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tile b{display:block;font-size:24px;font-weight:600;font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:16px}@media(max-width:640px){.charts{grid-template-columns:1fr}}.charts>:first-child{grid-column:1/-1}
figure{margin:0}figcaption{font-size:13px;color:var(--soft);margin-bottom:4px}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:11px;font-family:inherit}
svg .grid{stroke:var(--line);stroke-width:1}svg .axis{stroke:var(--soft);stroke-width:1}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{text-align:left;color:var(--soft);font-weight:500;font-size:13px}td,th{padding:5px 10px;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}tr:last-child td{border-bottom:0}td.t{overflow-wrap:break-word}
.matrix{width:auto}.matrix td{text-align:center;min-width:58px;border:2px solid var(--card);border-radius:6px}
.matrix td.r,.matrix th{border:0}.note{color:var(--soft);font-size:13px;margin:8px 0 0}
.good{color:var(--good)}.bad{color:var(--bad)}details summary{cursor:pointer;font-size:18px;font-weight:600}
)css";
}

}  // namespace gptask
