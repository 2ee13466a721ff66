"""How the settings page looks, in a light dashboard and in a dark one."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
<style>
.rc{--ink:#0f141a;--soft:#424650;--faint:#656871;--line:#e3e6ea;--field:#f3f5f7;--card:#fff;--link:#006ce0;
--link-soft:#eef5fe;--good:#00802f;--good-soft:#e6f6ea;--bad:#b0120a;--bad-soft:#fdecea;--warn:#8a5a00;--warn-soft:#fff5db;
--knob:#fff;font:14px/20px "Amazon Ember","Open Sans","Helvetica Neue",Roboto,Arial,sans-serif;color:var(--ink);
background:var(--card);padding:4px 2px}
.rc.dark{--ink:#ebebf0;--soft:#c6c6cd;--faint:#a4a4ad;--line:#333843;--field:#1b232d;--card:#161d26;--link:#42b4ff;
--link-soft:#10243a;--good:#2bb534;--good-soft:#12301a;--bad:#ff7a7a;--bad-soft:#3a1618;--warn:#fbd332;--warn-soft:#332a0b}
.rc *{box-sizing:border-box}.rc h2{font-size:20px;line-height:24px;font-weight:700;margin:0 0 4px}
.rc p{margin:0;color:var(--soft)}.rc b{font-weight:700}.rc .small{font-size:12px;line-height:16px;color:var(--faint)}
.rc code{font:12.5px/20px ui-monospace,"SF Mono",Menlo,Consolas,monospace;color:var(--ink);background:var(--field);
border-radius:4px;padding:2px 6px;white-space:nowrap}
.rc code.copy{display:inline-block;user-select:all;-webkit-user-select:all;border:1px solid var(--line);cursor:copy}
.rc .bar{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:end;justify-content:space-between;margin:0 0 16px}
.rc .scroll{overflow-x:auto}
.rc table{border-collapse:collapse;width:100%}
.rc th{text-align:left;font-size:12px;line-height:16px;font-weight:700;color:var(--faint);
border-bottom:1px solid var(--line);padding:8px 12px 8px 0;white-space:nowrap}
.rc td{border-bottom:1px solid var(--line);padding:12px 12px 12px 0;vertical-align:top;white-space:nowrap}
.rc tbody tr:last-child td{border-bottom:0}.rc td.wide{white-space:normal}
.rc .n{text-align:right;font-variant-numeric:tabular-nums;padding-right:24px}
.rc td.does{text-align:right;padding:8px 0;white-space:normal}.rc td.does .btn{margin:2px 0 2px 4px}
.rc td .small{white-space:normal}.rc td code+.small{max-width:13em}
.rc .dim{color:var(--faint)}.rc .count-bad{color:var(--bad);font-weight:700}
.rc .tag{display:inline-block;border-radius:4px;padding:0 6px;font-size:12px;line-height:18px;font-weight:700}
.rc .tag.bad{background:var(--bad-soft);color:var(--bad)}.rc .tag.warn{background:var(--warn-soft);color:var(--warn)}
.rc a.btn{display:inline-block;cursor:pointer;border:1px solid var(--link);border-radius:16px;color:var(--link);
background:transparent;padding:2px 12px;font-size:13px;line-height:20px;font-weight:700;
text-decoration:none;white-space:nowrap}
.rc a.btn:hover{background:var(--link-soft)}.rc a.btn.primary{background:var(--link);color:var(--card)}
.rc a.btn.danger{border-color:var(--line);color:var(--bad)}.rc a.btn.danger:hover{background:var(--bad-soft)}
.rc a.switch{display:inline-flex;align-items:center;gap:8px;cursor:pointer;text-decoration:none;font-weight:700;
color:var(--faint)}
.rc a.switch i{display:inline-block;width:32px;height:18px;border-radius:9px;background:var(--faint);padding:2px}
.rc a.switch i:before{content:"";display:block;width:14px;height:14px;border-radius:7px;background:var(--knob)}
.rc a.switch.on{color:var(--good)}.rc a.switch.on i{background:var(--good)}.rc a.switch.on i:before{margin-left:14px}
.rc .note{border-left:3px solid var(--link);background:var(--link-soft);padding:10px 14px;
margin:0 0 16px;border-radius:6px}
.rc .note.err{border-color:var(--bad);background:var(--bad-soft)}
.rc form{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:0}
.rc input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--faint);border-radius:8px;
padding:3px 10px;width:16em}
.rc dl{display:grid;grid-template-columns:max-content 1fr;gap:8px 16px;align-items:center;margin:12px 0}
.rc dt{font-weight:700;font-size:12px;color:var(--soft)}.rc dd{margin:0}
.rc dd code{white-space:normal;word-break:break-all}
</style>
"""
