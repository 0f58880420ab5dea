// Style and script of the report. Text contrast is at least 4.5:1 in both schemes; series differ by colour and by dash.

#include "tools/report_parts.h"

namespace emg::tools::report {

std::string_view style_text() {
  return R"css(
:root{--bg:#fff;--panel:#f6f7f9;--text:#1c2127;--muted:#586069;--line:#d5d9de;--grid:#e9ecef;--link:#0b5cad;--trace:#24476b;--event:#b5400a;--burst:#0072b2;
--tint:#0072b21f;--gap:#8b949e40;--rail:#b5400a;--s1:#0072b2;--s2:#b5400a;--s3:#007a5a;--s4:#8a4a80;--warn-bg:#fff4d6;--warn:#6b4a00;--bad-bg:#fde7e3;--bad:#9c1c06}
@media screen and (prefers-color-scheme:dark){:root{--bg:#14181c;--panel:#1c2228;--text:#e4e8ec;--muted:#a4adb7;--line:#3a424b;--grid:#262d34;--link:#7cb8f5;
--trace:#9fc6ee;--event:#ff9c62;--burst:#62b5e8;--tint:#62b5e826;--gap:#8b949e4d;--rail:#ff9c62;--s1:#62b5e8;--s2:#ff9c62;--s3:#4fc9a4;--s4:#d9a0cf;
--warn-bg:#3a2f12;--warn:#f5d48a;--bad-bg:#43201a;--bad:#ffb3a3}}
*{box-sizing:border-box}
html{color-scheme:light dark;scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1140px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:27px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:20px;line-height:1.3;margin:0 0 4px;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:2px}
a:focus-visible,button:focus-visible,summary:focus-visible,input:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
small{font-size:.86em;font-weight:400;color:var(--muted)}
.muted{color:var(--muted)} .lead{margin:0 0 14px;color:var(--muted);overflow-wrap:anywhere} .lead b{color:var(--text)}
section{margin-top:26px} section.recording,#failed,#provenance,#limits{border-top:1px solid var(--line);padding-top:24px;margin-top:40px}
.cards{display:flex;flex-wrap:wrap;gap:10px;margin:18px 0 24px}
.card{flex:1 1 130px;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 16px}
.card b{display:block;font-size:24px;line-height:1.2;font-weight:600;font-variant-numeric:tabular-nums} .card span{color:var(--muted);font-size:13.5px}
.card.warn{background:var(--warn-bg)} .card.warn *{color:var(--warn)} .card.bad{background:var(--bad-bg)} .card.bad *{color:var(--bad)}
.facts{display:flex;flex-wrap:wrap;gap:8px 30px;margin:0 0 16px} .facts dt{color:var(--muted);font-size:13px} .facts dt::first-letter{text-transform:uppercase}
.facts dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
.flag,.status.bad{display:inline-block;background:var(--warn-bg);color:var(--warn);border-radius:4px;padding:0 7px;font-size:13px;font-weight:600;white-space:nowrap}
.flag::before{content:"! "} .status.bad{background:var(--bad-bg);color:var(--bad)}
.notes{list-style:none;margin:0 0 14px;padding:8px 14px;border-left:3px solid var(--line);background:var(--panel);font-size:14px;overflow-wrap:anywhere}
.warnings{border-color:var(--event)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;min-width:min(100%,420px)}
#recordings{width:100%}
caption{text-align:left;font-size:16px;font-weight:600;padding-bottom:6px}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--grid);vertical-align:top;white-space:nowrap}
th:first-child,td:first-child{padding-left:2px} thead th{border-bottom:1px solid var(--line);font-size:13px;color:var(--muted);font-weight:600}
tbody th{font-weight:500} #recordings tbody th{white-space:normal;overflow-wrap:anywhere;min-width:150px} .n{text-align:right} td.wrap,td .wrap{white-space:normal;overflow-wrap:anywhere;min-width:220px}
#recordings td:nth-child(6){white-space:normal;min-width:110px}
thead button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
thead button:hover{color:var(--text);text-decoration:underline} th[aria-sort=ascending] button::after{content:" \2191"} th[aria-sort=descending] button::after{content:" \2193"}
.tool{font:inherit;color:var(--text);background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:4px 10px;margin-bottom:8px} label.filter{color:var(--muted);font-size:14px}
.figures{display:flex;flex-wrap:wrap;gap:4px 20px;margin-bottom:8px}
figure{margin:10px 0 6px;overflow-x:auto;position:relative;max-width:100%} figure.wide{flex:1 1 100%} figure.half{flex:1 1 420px;max-width:600px;min-width:0}
figcaption{font-size:14px;color:var(--muted);position:sticky;left:0} figcaption b{display:inline-block;color:var(--text);margin-right:6px} figcaption b::first-letter{text-transform:uppercase}
svg{display:block;width:100%;height:auto} figure.wide svg{min-width:760px} figure.half svg{min-width:340px} figure.zoom svg{width:2600px} figure.half.zoom svg{width:1100px}
figcaption button{font:inherit;font-size:13px;color:var(--link);background:none;border:0;padding:0 0 0 8px;cursor:pointer;text-decoration:underline}
svg text{font-size:13px;fill:var(--text);font-family:inherit;paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round} svg .tick{font-size:12.5px;fill:var(--muted)} svg .label{fill:var(--muted)} svg .channel{font-weight:600}
svg .mid{text-anchor:middle} svg .end{text-anchor:end} svg .rail-text{font-size:12px;fill:var(--rail)}
svg path{fill:none;vector-effect:non-scaling-stroke} .axis{stroke:var(--muted)} .grid{stroke:var(--grid)} .trace{stroke:var(--trace);stroke-width:1;stroke-linejoin:round}
.event{stroke:var(--event);stroke-width:1.2} svg .burst{fill:var(--burst)} svg .burst-area{fill:var(--tint)} .gap{fill:var(--gap);stroke:var(--muted);stroke-dasharray:3 3;stroke-width:.7}
.rail{stroke:var(--rail);stroke-dasharray:6 4} .mark{stroke:var(--muted);stroke-dasharray:2 3} .mark-mnf,.mark-mdf{stroke:var(--text);stroke-width:1.2} .mark-mdf{stroke-dasharray:6 4} svg .bars{fill:var(--tint);stroke:var(--burst)}
.s1,.s2,.s3,.s4,.median,.mnf,.mdf{stroke-width:1.6;stroke-linejoin:round} .s1{stroke:var(--s1)} .s2{stroke:var(--s2);stroke-dasharray:7 3} .s3{stroke:var(--s3);stroke-dasharray:2 2} .s4{stroke:var(--s4);stroke-dasharray:9 3 2 3}
.faint{stroke:var(--trace);stroke-opacity:.32} .fainter{stroke:var(--trace);stroke-opacity:.16} .median{stroke:var(--s2)} .mnf{stroke:var(--s1)} .mdf{stroke:var(--s2);stroke-dasharray:6 4} .sweep{stroke:var(--trace);stroke-opacity:.75}
details.block{border-top:1px solid var(--grid);padding:7px 0} details.block>summary{cursor:pointer;font-weight:600} details.block>summary::first-letter{text-transform:uppercase} details[open]>summary{margin-bottom:6px}
details p{margin:4px 0}
@media (max-width:600px){main{padding:18px 14px 40px} h1{font-size:23px} .card{flex-basis:105px;padding:9px 12px} .card b{font-size:20px}}
@page{size:A4;margin:14mm}
@media print{html{color-scheme:light} body{font-size:10.5pt} main{max-width:none;padding:0} a{color:inherit;text-decoration:none} .tool,label.filter,figcaption button{display:none}
section.recording{break-before:page;border:0;margin-top:0;padding-top:0} figure,tr,.card,.notes{break-inside:avoid} h2,summary,caption{break-after:avoid} figure{overflow:visible}
figure svg,figure.half svg,figure.wide svg,figure.zoom svg{min-width:0;width:100%} figure.half{flex:1 1 46%;max-width:49%} .scroll{overflow:visible} table{font-size:8.2pt} th,td{padding-right:7px;white-space:normal}
#recordings tbody th{min-width:110px} td.wrap{min-width:0} .card,.flag,.notes,rect,path{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";
}

std::string_view script_text() {
  return R"js(
(function () {
  'use strict';
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  var value = function (row, column) {
    var cell = row.cells[column], text = cell.dataset.v || cell.textContent.trim(), number = parseFloat(text);
    return text === '' ? null : isNaN(number) || !cell.classList.contains('n') ? text.toLowerCase() : number;
  };
  all('table.sortable').forEach(function (table) {
    var heads = all('thead th', table);
    heads.forEach(function (head, column) {
      var button = document.createElement('button');
      button.type = 'button';
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      button.addEventListener('click', function () {
        var sign = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1, body = table.tBodies[0];
        heads.forEach(function (other) { other.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
        all('tr', body).map(function (row, at) { return {row: row, at: at, key: value(row, column)}; }).sort(function (a, b) {
          if (a.key === null || b.key === null) return a.key === b.key ? a.at - b.at : a.key === null ? 1 : -1;
          return a.key < b.key ? -sign : a.key > b.key ? sign : a.at - b.at;
        }).forEach(function (item) { body.appendChild(item.row); });
      });
    });
  });
  var table = document.getElementById('recordings');
  if (table && table.tBodies[0].rows.length > 1) {
    var label = document.createElement('label'), input = document.createElement('input');
    label.className = 'filter';
    label.textContent = 'Filter recordings ';
    input.type = 'search';
    input.className = 'tool';
    label.appendChild(input);
    table.parentNode.parentNode.insertBefore(label, table.parentNode);
    input.addEventListener('input', function () {
      var wanted = input.value.toLowerCase();
      all('tbody tr', table).forEach(function (row) { row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0; });
    });
  }
  all('figure').forEach(function (figure) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'enlarge';
    figure.querySelector('figcaption').appendChild(button);
    button.addEventListener('click', function () { button.textContent = figure.classList.toggle('zoom') ? 'fit' : 'enlarge'; });
  });
  window.addEventListener('beforeprint', function () { all('details').forEach(function (part) { part.open = true; }); });
  document.body.dataset.scrollWidth = document.documentElement.scrollWidth;
  document.body.dataset.innerWidth = window.innerWidth;
  document.body.dataset.ready = '1';
})();
)js";
}

}  // namespace emg::tools::report
