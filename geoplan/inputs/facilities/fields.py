"""What a register may say of a facility: the table of its fields.

A new field is one line here: its name, kind, headers, labels, and for an amount the services that hold it. ``docs/registers.md`` lists
this table.
"""

from geoplan.inputs.lists.fields import PLACE_FIELDS, Fields, field, table

#: Every field by name, in the order of the documentation.
FIELDS: Fields = table(
    field("id", "text", "编号 设施编号 机构编号 机构代码 统一社会信用代码 id code", "编号", "the register's own id"),
    field("name", "text", "机构名称 设施名称 名称 单位名称 养老机构名称 托育机构名称 幼儿园名称 项目名称 机构全称 name", "名称", "name"),
    field("type", "type", "机构类型 设施类型 设施类别 机构类别 类型 类别 服务类型 业务类型 type", "类型", "type word"),
    *PLACE_FIELDS[:3],
    field("address", "text", "地址 详细地址 机构地址 设施地址 所在地址 服务地址 经营地址 机构住所 住所 坐落 address", "地址", "address"),
    *PLACE_FIELDS[3:],
    field("level", "text", "level", "所在层", "level, as OpenStreetMap numbers it (0: the ground)"),
    field("serves", "text", "服务社区 服务范围 覆盖社区 辐射社区 服务覆盖社区 服务的社区 serves", "服务社区", "communities that it serves"),
    field("status", "status", "运营状态 状态 经营状态 机构状态 建设状态 运营情况 建设情况 使用状态 status", "运营状态", "status"),
    field("open_year", "year", "启用年份 启用时间 启用日期 投用年份 投用时间 投入使用时间 投入使用年份 建成投用年份 开业时间 开业年份 开办时间 成立时间 成立日期 建成年份 建成时间 竣工时间 open_year", "启用年份", "first year that counts"),
    field("close_year", "year", "停用年份 停用时间 停用日期 关闭年份 关闭时间 关停时间 停业时间 注销时间 close_year", "停用年份", "first year that no longer counts"),
    field("ownership", "text", "性质 机构性质 办园性质 办学性质 单位性质 举办性质 经营性质 运营性质 运营方式 ownership", "性质", "ownership"),
    field("beds", "amount", "床位数 床位 总床位数 总床位 床位总数 养老床位数 养老床位 机构床位数 核定床位数 设计床位数 beds", "床位数", "beds", held_by="elder"),
    field("nursing_beds", "amount", "护理型床位数 护理型床位 护理床位数 护理床位 护理型养老床位数 nursing_beds", "护理型床位数", "nursing beds", part_of="beds", held_by="elder"),
    field("dementia_beds", "amount", "认知障碍床位数 认知障碍床位 认知障碍照护床位数 认知障碍照护床位 失智床位数 失智照护床位数 认知症床位数 认知症照护床位数 dementia_beds", "认知障碍床位数", "dementia beds", part_of="beds", held_by="elder"),
    field("family_beds", "amount", "家庭养老床位数 家庭养老床位 家庭照护床位数 family_beds", "家庭养老床位数", "family beds", held_by="elder"),
    field("medical_rehab_beds", "amount", "医疗康复床位数 医疗康复护理床位数 医疗床位数 medical_rehab_beds", "医疗康复床位数", "medical and rehabilitation beds", held_by="elder"),
    field("inclusive_beds", "amount", "普惠床位数 普惠床位 普惠性床位数 普惠养老床位数 普惠性养老床位数 inclusive_beds", "普惠床位数", "inclusive beds", part_of="beds", held_by="elder"),
    field("places", "amount", "托位数 托位 总托位数 托位总数 核定托位数 备案托位数 设计托位数 places", "托位数", "childcare places", held_by="child"),
    field("inclusive_places", "amount", "普惠托位数 普惠托位 普惠性托位数 普惠性托位 inclusive_places", "普惠托位数", "inclusive places", part_of="places", held_by="child"),
    field("floor_area_m2", "area", "建筑面积 总建筑面积 房屋建筑面积 设施建筑面积 floor_area_m2 floor_area", "建筑面积", "floor area, m²"),
    field("land_m2", "area", "用地面积 占地面积 土地面积 总用地面积 land_m2", "用地面积", "land, m²"),
    field("residents_use_m2", "area", "居民活动用房面积 居民活动用房 居民用房面积 居民活动面积 residents_use_m2", "居民活动用房面积", "rooms for residents' use, m²", part_of="floor_area_m2"),
    field("daily_visitors", "amount", "日人流量 日均人流量 日客流量 日均客流量 daily_visitors", "日人流量", "visitors a day"),
    field("occupied", "amount", "入住人数 在住人数 入住老人数 在院人数 收住老人数 occupied", "入住人数", "people living in", held_by="elder"),
    field("enrolled", "amount", "在托人数 入托人数 实际收托人数 在托婴幼儿数 收托人数 enrolled", "在托人数", "children enrolled", held_by="child"),
    field("staff", "amount", "工作人员数 工作人员 从业人员数 职工人数 员工数 staff", "工作人员数", "staff"),
    field("doctors", "amount", "执业医师数 医师数 医生数 doctors", "执业医师数", "doctors", held_by="elder"),
    field("nurses", "amount", "护士数 注册护士数 nurses", "护士数", "nurses", held_by="elder"),
    field("social_workers", "amount", "社会工作者数 社工数 social_workers", "社会工作者数", "social workers", held_by="elder"),
    field("care_workers", "amount", "养老护理员数 护理员数 护理人员数 care_workers", "养老护理员数", "care workers", held_by="elder"),
    field("certified_care_workers", "amount", "持证养老护理员数 持证护理员数 certified_care_workers", "持证护理员数", "certified care workers", part_of="care_workers", held_by="elder"),
    field("childcare_staff", "amount", "托育从业人员数 托育人员数 保育人员数 childcare_staff", "托育从业人员数", "childcare staff", held_by="child"),
    field("certified_childcare_staff", "amount", "持证托育人员数 持证托育从业人员数 持证保育人员数 certified_childcare_staff", "持证托育人员数", "certified childcare staff", part_of="childcare_staff", held_by="child"),
    field("public", "flag", "公办 公立 public", "公办", "public"),
    field("inclusive", "flag", "普惠 普惠性 普惠机构 普惠性机构 普惠托育机构 普惠性托育机构 普惠养老机构 普惠性幼儿园 普惠幼儿园 普惠情况 inclusive", "普惠", "inclusive"),
    field("registered", "flag", "备案 已备案 备案情况 备案状态 登记备案 registered", "备案", "registered"),
    field("medical_unit", "flag", "内设医疗机构 内设医疗机构情况 内设医务室 内设医疗卫生机构 medical_unit", "内设医疗机构", "with a medical unit"),
    field("medical_contract", "flag", "签约医疗机构 医疗签约 与医疗机构签约 签约合作医疗机构 medical_contract", "签约医疗机构", "with a medical contract"),
    field("model", "flag", "示范 示范性 示范机构 示范性机构 示范托育机构 model", "示范", "model"),
    field("five_star", "flag", "五星级 五星 星级 等级 评定等级 等级评定 机构等级 五星级机构 five_star", "五星级", "five-star"),
    field("smart", "flag", "智慧养老 智慧 智能化 智慧养老院 人工智能 smart", "智慧养老", "smart"),
    field("safety_net", "flag", "兜底保障 兜底 兜底线 特困供养 特困人员供养 safety_net", "兜底保障", "safety-net"),
    field("standard", "flag", "标准化 达标 标准化建设 standard", "标准化", "up to standard"),
    field("four_services", "flag", "四助服务 助餐助洁助浴助行 具备助餐助洁助浴助行服务 居家养老服务机制 服务机制 four_services", "四助服务", "with meals, cleaning, bathing and mobility services"),
    field("chronic_clinic", "flag", "慢性病一体化门诊 慢病一体化门诊 设慢性病一体化门诊 chronic_clinic", "慢性病一体化门诊", "with a chronic disease clinic"),
    field("geriatric", "flag", "老年医学科 老年病科 老年医学专科 设老年医学科 geriatric", "老年医学科", "with a geriatric department"),
    field("smart_terminal", "flag", "智能服务终端 智能终端 配备智能服务终端 smart_terminal", "智能服务终端", "with a smart terminal"),
    field("nursing_room", "flag", "母婴室 母婴设施 配备母婴室 设母婴室 nursing_room", "母婴室", "with a nursing room for mothers"),
    field("nursery", "flag", "托幼一体化 托幼一体 托幼一体化设置 nursery", "托幼一体化", "with a nursery"),
    field("emergency_call", "flag", "紧急救援系统 接入紧急救援系统 紧急救援 紧急呼叫系统 接入紧急呼叫系统 一键呼叫 emergency_call", "接入紧急救援系统", "with an emergency call system"),
    field("admits_2_3", "flag", "招收2至3岁幼儿 招收2-3岁幼儿 招收2~3岁幼儿 admits_2_3", "招收2至3岁幼儿", "admitting children of two to three"),
)  # fmt: skip

#: Fields that are true or false, in the order of the table.
ATTRIBUTES = tuple(one.name for one in FIELDS.values() if one.kind == "flag")
#: Fields that are amounts, in the order of the table.
AMOUNTS = tuple(one.name for one in FIELDS.values() if one.kind in ("amount", "area"))
#: A supply that is part of another can be no larger: part -> whole.
PARTS = {one.name: one.part_of for one in FIELDS.values() if one.part_of}
