"""The head of a pack for tests; its rules follow, `level` is filled in."""

PACK = """
title_zh: 试
title_en: test
document: 试〔2025〕1号
issuer_zh: 试
issuer_en: test
issued: "2025-01-01"
years: [2021, 2025]
area_zh: 示例区
area_en: Sample District
level: {level}
source: by hand
rules:
"""
