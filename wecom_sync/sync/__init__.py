"""The two directories made equal: `pull` reads WeCom into rows, `plan` compares them with ours without writing anything
of ours, `apply` carries a plan out in batches that can be repeated, `run` leads through the three (docs/adr/0017).
"""
