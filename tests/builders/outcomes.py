"""Rows that tests of several rooms ask of an outcome or a result."""


def network_circle(result, service="eldercare"):
    """Return who is within the circle of a service on the network, zone by zone, urban and rural parts left out."""
    rows = result.circle
    rows = rows[(rows["service"] == service) & (rows["measure"] == "network") & (rows["kind"] == "")]
    return rows.set_index("zone_id")


def finding(result, rule, zone="district/HZ"):
    """Return the finding of a rule at a zone."""
    return result.findings.set_index(["rule_id", "zone_id"]).loc[(rule, zone)]
