"""Associative recall in tiny transformers: what can be said exactly about heads that retrieve.

After W. Wu et al. 2024 (2404.15574), Z. Jin et al. 2024 (2402.18154), Lieberum et al. 2023
(2307.09458), Lv et al. 2024 (2403.19521) and Wong et al. 2025 (2512.22213). `derivations.md`
derives every formula under a label, as [ar-2.1]. `setting` names the task; `one_layer` has a look-
up with and without a sink, `conflict` the margin between context and weights, `rank` what
dimensions a look-up needs, `interference` what disturbs it, `induction` the two-layer circuit,
`norm` sinks of normalised states, `race` which route comes first, `label_noise` how sure to be of
labels that are noisy; `authors` what the papers state as numbers; `claims` what of all this is
claimed.
"""

from theory.associative_recall.claims import CLAIMS
from theory.citation import Paper

__all__ = ["CITATIONS", "CLAIMS"]

CITATIONS = (
    Paper(
        "Retrieval Head Mechanistically Explains Long-Context Factuality",
        ("Wu, Wenhao", "Wang, Yizhong", "Xiao, Guangxuan", "Peng, Hao", "Fu, Yao"),
        2024,
        "2404.15574",
    ),
    Paper(
        "Cutting Off the Head Ends the Conflict: A Mechanism for Interpreting and Mitigating "
        "Knowledge Conflicts in Language Models",
        (
            "Jin, Zhuoran",
            "Cao, Pengfei",
            "Yuan, Hongbang",
            "Chen, Yubo",
            "Xu, Jiexin",
            "Li, Huaijun",
            "Jiang, Xiaojian",
            "Liu, Kang",
            "Zhao, Jun",
        ),
        2024,
        "2402.18154",
    ),
)
