"""What kind of work somebody asks for, told by whole words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

OTHER = "other"

WORDS: Mapping[str, str] = {
    "git": (
        "git github gitlab commit commits committed branch branches merge merged rebase rebased cherry-pick stash"
        " push pushed pull pulled fetch checkout clone repo repos repository pr prs diff tag tags submodule changelog"
        " 提交 分支 合并 仓库"
    ),
    "debugging": (
        "bug bugs debug debugging fix fixes fixed fixing error errors exception exceptions traceback stacktrace crash"
        " crashes crashed broken fail fails failed failing failure failures issue issues wrong regression flaky"
        " hang hangs leak leaks investigate diagnose troubleshoot 修复 调试 报错 错误 崩溃 故障"
    ),
    "code": (
        "write implement implements implementing implementation create add build function functions class classes"
        " endpoint endpoints component components feature features script scripts module modules api cli test tests"
        " prototype generate scaffold code program 编写 实现 开发 生成 脚本 函数 功能"
    ),
    "refactor": (
        "refactor refactors refactored refactoring rename renamed cleanup clean tidy simplify simplified restructure"
        " reorganize reorganise extract split deduplicate dedupe modernize modernise migrate migration optimize"
        " optimise 重构 重命名 整理 优化 迁移"
    ),
    "research": (
        "research search find compare comparison explain explains analyze analyse analysis analyses summarize summarise"
        " summary investigate review survey explore evaluate learn understand paper papers article articles news"
        " 研究 调研 搜索 查找 比较 分析 总结 解释"
    ),
    "config": (
        "config configs configure configured configuration settings setup set-up install installed installing"
        " upgrade deploy deploys deployed deployment docker container kubernetes nginx systemd cron env environment"
        " variable variables ssh server servers ci pipeline backup backups monitor monitoring disk memory port ports"
        " dns certificate 配置 安装 部署 设置 服务器 备份 升级 环境"
    ),
    "docs": (
        "doc docs document documents documentation readme docstring docstrings tutorial tutorials guide guides"
        " comment comments translate translation draft drafts wiki"
        " 文档 说明 教程 注释 翻译 报告"
    ),
}
"""By cluster, in the sequence that decides where as many words of two occur."""

CLUSTERS = (*WORDS, OTHER)

_CLUSTER_OF_WORD = {
    word: [cluster for cluster, words in WORDS.items() if word in words.split()]
    for words in WORDS.values()
    for word in words.split()
}
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_WITHOUT_SPACES = {word: found for word, found in _CLUSTER_OF_WORD.items() if not word.isascii()}
"""Chinese has no spaces between words: these are looked for anywhere."""

Hits = tuple[frozenset[str], ...]
"""The words found of each cluster, in the sequence of `WORDS`."""


def hits(text: str) -> Hits:
    """Which words of each cluster occur in a text, whole and in any case."""
    lowered = text.lower()
    found: dict[str, set[str]] = {cluster: set() for cluster in WORDS}
    words = set(_WORD.findall(lowered)) & _CLUSTER_OF_WORD.keys()
    if not lowered.isascii():
        words |= {word for word in _WITHOUT_SPACES if word in lowered}
    for word in words:
        for cluster in _CLUSTER_OF_WORD[word]:
            found[cluster].add(word)
    return tuple(map(frozenset, found.values()))


def cluster_of(prompt: Hits, title: str | None) -> str:
    """The cluster of which most different words occur in the prompt and the title; `other` where none does."""
    both = [one | other for one, other in zip(prompt, _hits_of_title(title or ""), strict=True)]
    most = max(map(len, both))
    if most == 0:
        return OTHER
    return next(cluster for cluster, words in zip(WORDS, both, strict=True) if len(words) == most)


_hits_of_title = lru_cache(maxsize=4096)(hits)
NO_HITS = hits("")
