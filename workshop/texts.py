"""What the terminal says, apart from the steps' own sentences in checks/."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    # ── labels ──
    "step": {
        "zh": "第 {number} 步，共 {count} 步 · {title}",
        "en": "Step {number} of {count} · {title}",
    },
    "file": {"zh": "先看文件本身", "en": "The file itself"},
    "write": {"zh": "要写", "en": "write"},
    "expected": {"zh": "应为", "en": "expected"},
    "actual": {"zh": "得到", "en": "actual"},
    "line": {"zh": "这一行", "en": "line"},
    "printed": {"zh": "你打印的", "en": "printed"},
    "why": {"zh": "为什么", "en": "why"},
    "look": {"zh": "看哪里", "en": "look"},
    "hint": {"zh": "提示 {number}/{count}", "en": "Hint {number} of {count}"},
    "state-done": {"zh": "通过", "en": "passed"},
    "state-skipped": {"zh": "跳过", "en": "skipped"},
    "state-current": {"zh": "正在做", "en": "now"},
    "state-open": {"zh": "未做", "en": "to do"},
    # ── checking ──
    "welcome": {
        "zh": "在编辑器里打开 {file}，从上到下写。每次保存，这里都会检查。",
        "en": "Open {file} in your editor and write from top to bottom. Each save is checked here.",
    },
    "keys": {
        "zh": "保存后自动检查。也可以输入 h（提示）、l（列表）、s（跳过）、q（结束），再按回车。",
        "en": "Save to check again. Or type h (hint), l (list), s (skip) or q (quit), then Enter.",
    },
    "commands": {
        "zh": "另外：{workshop} hint · skip · list · reset {number}",
        "en": "Also: {workshop} hint · skip · list · reset {number}",
    },
    "checking": {"zh": "正在检查…", "en": "Checking…"},
    "passed": {"zh": "第 {number} 步通过：{title}。", "en": "Step {number} passed: {title}."},
    "compare": {
        "zh": "可以对照 {solution}，以及 {library}。",
        "en": "Compare it with {solution} and with {library}.",
    },
    "all-passed": {
        "zh": "十步都通过了。现在让手机用上你的代码：{workshop} serve",
        "en": "All ten steps pass. Now let the phone use your code: {workshop} serve",
    },
    "all-but-skipped": {
        "zh": "其余都通过了；跳过的是第 {skipped} 步（reset 可以重来）。"
        "让手机用上你的代码：{workshop} serve",
        "en": "All other steps pass; skipped: {skipped} (`reset` brings one back). "
        "Let the phone use your code: {workshop} serve",
    },
    "bye": {
        "zh": "再见。进度已保存，{workshop} 可以接着来。",
        "en": "Bye. Your progress is saved: {workshop} continues.",
    },
    # ── hint, skip, reset ──
    "last-hint": {
        "zh": "这是最后一条提示。还是卡住的话，答案在 {solution}，看完自己写一遍。",
        "en": "That was the last hint. If you are still stuck, the answer is in {solution}: "
        "read it, then write it yourself.",
    },
    "skipped": {
        "zh": "跳过第 {number} 步：{title}。之后的步骤用 solution.py 的。",
        "en": "Skipped step {number}: {title}. Later steps use solution.py's.",
    },
    "nothing-left": {"zh": "没有要做的步骤了。", "en": "There is no step left to do."},
    "reset": {
        "zh": "{functions} 回到了最初的样子；你写的留在 {old}。",
        "en": "{functions}: back to the start. What you wrote is in {old}.",
    },
    "which-step": {
        "zh": "要重来哪一步？reset 3、reset build_request，或 reset all。",
        "en": "Which step? reset 3, reset build_request, or reset all.",
    },
    "no-such-step": {
        "zh": "没有「{word}」这一步：请用数字 1 到 {count}、步骤名或函数名，或 all。",
        "en": "There is no step “{word}”: use a number from 1 to {count}, the name of a step or "
        "function, or all.",
    },
    # ── serve ──
    "checking-all": {
        "zh": "正在检查十步，要几秒钟；有函数不返回时更久…",
        "en": "Checking all ten steps. This takes some seconds, longer if a function hangs…",
    },
    "yours": {"zh": "你写的", "en": "yours"},
    "lent": {"zh": "solution.py 的", "en": "from solution.py"},
    "lent-failing": {
        "zh": "还没通过，先用 solution.py 的",
        "en": "does not pass yet: from solution.py",
    },
    "app-own": {
        "zh": "应用自己的（刷新与 state 不在这里用）",
        "en": "the app's own (serve does not use refresh and state)",
    },
    "serving": {
        "zh": "手机里的登录走的是你的代码；在「经过」里点开一步，看得到你的行。",
        "en": "The phone logs in with your code; open a step of the trace to see your lines.",
    },
    "serving-lent": {
        "zh": "你还没有一步通过：手机里的登录走的是 solution.py。",
        "en": "None of your steps passes yet: the phone logs in with solution.py.",
    },
    "old-database": {
        "zh": "instance/workshop.db 是另一个版本的程序建的：删掉它，再来一次。",
        "en": "instance/workshop.db comes from another version of this program: delete it and "
        "try again.",
    },
    "port-taken": {
        "zh": "端口 {port} 已被占用（python app.py 还开着？）。"
        "换一个：{workshop} serve --port {other}",
        "en": "Port {port} is taken (is python app.py still running?). "
        "Use another one: {workshop} serve --port {other}",
    },
    # ── ready ──
    "ready-python": {
        "zh": "Python {version}（要 3.10 或更新）",
        "en": "Python {version} (3.10 or newer is needed)",
    },
    "ready-packages": {
        "zh": "flask、requests、cryptography、python-dotenv",
        "en": "flask, requests, cryptography, python-dotenv",
    },
    "ready-write": {"zh": "可以写 {file}", "en": "{file} is writable"},
    "ready-port": {"zh": "端口 {port} 空闲", "en": "Port {port} is free"},
    "ready-emulator": {
        "zh": "模拟的支付宝能回答（一次完整的登录）",
        "en": "The emulated Alipay answers (one complete login)",
    },
    "ready-browser": {"zh": "有浏览器：{name}", "en": "Browser: {name}"},
    "ready-chinese": {
        "zh": "终端能显示汉字（{encoding}）",
        "en": "The terminal can show Chinese ({encoding})",
    },
    "ready-yes": {"zh": "准备好了。", "en": "Ready."},
    "ready-no": {
        "zh": "还没准备好：看上面标出的几行。",
        "en": "Not ready: see the marked lines above.",
    },
    "mend-write": {"zh": "换到自己有权写的文件夹", "en": "use a folder that you may write to"},
    "mend-port": {
        "zh": "用 serve --port 换一个，或先结束占用它的程序",
        "en": "use serve --port, or end the program that uses it",
    },
    "mend-emulator": {
        "zh": "防火墙或安全软件拦住了 127.0.0.1？",
        "en": "does a firewall or security software block 127.0.0.1?",
    },
    "mend-browser": {
        "zh": "装一个近两年的 Chrome、Edge、Firefox 或 Safari",
        "en": "install Chrome, Edge, Firefox or Safari, not older than two years",
    },
    "mend-chinese": {
        "zh": "用 --lang en；或在 Windows 用 Windows Terminal，设 PYTHONUTF8=1",
        "en": "use --lang en; or, on Windows, Windows Terminal with PYTHONUTF8=1",
    },
}
