"""How a long run says where it is: stages, and the seconds that each took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Stages of a run in order: key -> Chinese and English words.
STAGES = {
    "zones": ("读取评价单元", "zones"),
    "streets": ("读取路网", "streets"),
    "registers": ("读取设施台账", "registers"),
    "people": ("人口落点", "people on the ground"),
    "datum": ("坐标系核查", "datum check"),
    "graph": ("构建步行网络", "walking network"),
    "snap": ("落路网", "snapping"),
    "reach": ("步行可达计算", "reach"),
    "circle": ("服务圈统计", "circles"),
    "assess": ("指标评价", "standards"),
    "projects": ("项目库支撑测算", "project list"),
    "served": ("实际可服务测算", "served"),
    "isochrones": ("等时圈", "isochrones"),
    "minutes": ("步行时间栅格", "minutes rasters"),
    "candidates": ("读取备选点位", "candidates"),
    "siting": ("选址计算", "siting"),
    "map": ("生成地图", "map"),
    "workbook": ("生成工作簿", "workbook"),
    "layers": ("生成图层", "layers"),
    "report": ("生成报告", "report"),
    "papers": ("生成文本与图集", "papers"),
    "exports": ("导出图层", "exports"),
    "store": ("保存结果表", "stored tables"),
}


@dataclass
class Stages:
    """Collects the seconds of each stage and tells a listener when one starts and ends.

    Parameters
    ----------
    listen
        Called with the stage's key and its seconds; None when it starts.
    """

    listen: Callable[[str, float | None], None] = lambda _key, _seconds: None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, key: str) -> Iterator[None]:
        """Time the block as stage `key`."""
        self.listen(key, None)
        start = time.perf_counter()
        yield
        self.seconds[key] = self.seconds.get(key, 0.0) + time.perf_counter() - start
        self.listen(key, self.seconds[key])
