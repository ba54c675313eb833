"""Names of what organisations count, in both languages: how a metric is recognised in a title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from okr_delivery.gate.lint.texts.clean import either

INITIALS = """
    DAU MAU WAU GMV NPS eNPS ARR MRR NRR GRR ARPU ARPPU LTV CAC ROI ROAS CSAT CES CTR CVR SLA SLO MTTR MTBF MTTA
    QPS TPS P50 P90 P95 P99 OKR完成率 EBITDA AOV DSO ACV TCV OTIF OEE CPA CPC CPM PV UV FCR AHT SQL MQL
"""
# Words that are a metric wherever they stand.
_EN_STRONG = """
    retention churn conversion revenue revenues turnover profit margin income attrition satisfaction uptime
    downtime availability latency throughput productivity_per_head lead_time cycle_time response_time load_time
    resolution_time build_time time_to_hire time_to_market time_to_value cost_per_\\w+ net_promoter_score
    market_share activation error_rate win_rate order_value engagement_score renewals test_coverage defect_density
    employee_turnover bookings monthly_active_users daily_active_users active_users accuracy headcount sign-ups
    signups installs backlog_size sales_volume time_to_first_\\w+ no-shows cold_start attendance penetration
    utilisation utilization stickiness repurchase gross_margin net_income
"""
# Heads that make a metric of what stands before them: `offer acceptance rate`.
_EN_HEADS = """
    sales rate rates ratio share percentage percent proportion rating ratings score scores index time times duration
    latency frequency cadence count counts number numbers volume cost costs spend price value coverage accuracy
    speed throughput uptime availability margin revenue tickets errors incidents defects bugs outages rollbacks
    complaints hours minutes days turnaround backlog churn retention conversion satisfaction yield density velocity
    capacity utilisation utilization quota attainment size length attendance occupancy failures success adoption
    usage delay delays
"""
_ZH_STRONG = """
    留存 流失率 转化 营收 收入 利润 毛利 净利 满意度 可用性 可用率 时延 延迟 复购 日活 月活 活跃用户 活跃用户数
    客单价 净推荐值 交付周期 响应时间 响应时长 市场份额 市占率 市场占有率 人效 获客成本 交易额 销售额 成交额 订单量
    故障时长 恢复时长 覆盖率 注册量 缺陷密度 离职 周转天数 回款 业绩 签约额 续费 续约 赢单 吞吐量 下载量 渗透率
    激活 冷启动 人均产出 产能 库存周转 成本 现金流 估值 点击率 播放量 用户数 客户数 商户数 订单数
"""
_ZH_HEADS = """
    率值 占比 比例 比率 比重 份额 时长 时间 耗时 工时 周期 时延 延迟 次数 数量 人数 评分 得分 成本
    费用 单价 均价 频率 频次 住院日 天数 小时数 小时 指数 覆盖率 金额 规模 收入 利润 周转 速度 密度 吞吐 排名 人次 家数
    占收入比 用户 留存 转化
"""


def _open(table: str) -> str:
    """A pattern of a table's words; `\\w+` in one stays a pattern."""
    return either(table).replace(r"\\w\+", r"\w+")


_INITIALS = rf"(?<![A-Za-z]){either(INITIALS)}(?![A-Za-z])"
_LEAD_EN = r"(?:[a-z][\w'-]* ){0,3}?"
EN_METRIC = re.compile(
    rf"{_INITIALS}|\b{_open(_EN_STRONG)}\b(?: rates?| ratio| score| index| margin| growth)?"
    rf"|\b(?:[a-z][\w'-]* )?(?:rate|ratio|share|score|percentage|frequency|index)\b(?! of\b)",
    re.I,
)
ZH_METRIC = re.compile(
    rf"{_INITIALS}|{either(_ZH_STRONG)}(?!据)(?:率|度|额|量|数|值|周期|时长|时间)?"
    rf"|[\u4e00-\u9fff]{{1,6}}?(?:(?<!效)率(?!先|领)|占比|比例|满意度|净推荐值|时长|周期(?!性)|频率"
    rf"|评分|得分|次数|耗时)",
    re.I,
)
_EN_ENDS = re.compile(rf"\b{either(_EN_HEADS)}(?: (?:per|of|in|for|among|on|across|as|from|to|with)\b.*)?$", re.I)
_ZH_ENDS = re.compile(
    rf"(?:{either(_ZH_HEADS, _ZH_STRONG)}|(?<!效)率|(?<![质产大])量|(?<![参函岁])数|(?<!价)值|(?<![配名])额"
    rf"|[意盖确透跃康诚名与信誉认可复集]度|(?<![部积])分)$"
)


def metrics(text: str, lang: str) -> Iterator[re.Match[str]]:
    """Every metric that a text names."""
    return (ZH_METRIC if lang == "zh" else EN_METRIC).finditer(text)


def names_metric(text: str, lang: str) -> bool:
    return next(metrics(text, lang), None) is not None


def ends_in_metric(text: str, lang: str) -> bool:
    """Whether a noun phrase is the name of something counted: `support tickets per 100 merchants`, 测试覆盖率."""
    return (_ZH_ENDS if lang == "zh" else _EN_ENDS).search(text) is not None
