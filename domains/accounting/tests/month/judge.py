"""Computes a month from raw events, by the rules in docs/accounting.md.

Shares nothing with the library but the rules: whole numbers and fractions
only, the standard library only. Prints what each project is charged and
billed, what brokers owe each other, and the balances of the ledger.
"""
import json
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

HOUR = 3600
KINDS = ["workload", "machine", "cluster", "server", "volume", "transfer"]
SORTS = ["free", "usage", "reserved", "unused", "minimum-term", "credit"]


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1)


def even(fraction):
    return round(Fraction(fraction))  # Python rounds half to even


def hours(begin, end):
    while begin < end:
        stop = min(end, (begin // HOUR + 1) * HOUR)
        yield begin, stop
        begin = stop


def share(quantity, whole, part):
    begin, end = max(whole[0], part[0]), min(whole[1], part[1])
    if begin >= end:
        return 0
    length = whole[1] - whole[0]
    return quantity * (end - whole[0]) // length - quantity * (begin - whole[0]) // length


def order(subject):
    """As subjects are sorted: by provider, thing, meter, then whose they are."""
    return (subject["provider"], KINDS.index(subject["resource"]["kind"]), subject["resource"]["id"], subject["meter"],
            subject["project"], subject["application"] or "", subject["offer"] or "", subject["plan"])


def subject_of(terms, resource, meter):
    return {"resource": resource, "meter": meter,
            **{key: terms[key] for key in ("provider", "project", "application", "offer", "plan")}}


def metered(world, now):
    """Pieces of use (begin, end, quantity, subject), each within an hour, and lives."""
    pieces, lives = [], []
    things = defaultdict(dict)
    for event in world["events"]:
        key = (event["resource"]["kind"], event["resource"]["id"])
        things[key].setdefault(event["sequence"], event)
    for (kind, name), events in things.items():
        resource = {"kind": kind, "id": name}
        clock, terms, begun, since, seen, first = None, None, None, None, None, None

        def count(until, of):
            for begin, end in hours(since, until):
                for meter, each in of["meters"].items():
                    pieces.append((begin, end, each * (end - begin), subject_of(of, resource, meter)))

        for number in sorted(events):
            event = events[number]
            at = min(seconds(event["at"]), now)
            clock = at if clock is None else max(clock, at)
            change = event["change"]
            what, new = (change, None) if isinstance(change, str) else next(iter(change.items()))
            if what == "stopped" and terms:
                count(clock, terms)
                lives.append((resource, first, begun, clock))
                terms = None
            elif what == "seen" and terms:
                seen = clock
            elif what == "changed" and terms:
                count(clock, terms)
                terms, since, seen = new, clock, clock
            elif what in ("started", "changed"):
                if terms:  # nobody told of its end: it counts until it was last seen
                    count(seen, terms)
                    lives.append((resource, first, begun, seen))
                terms, first, begun, since, seen = new, new, clock, clock, clock
        if terms:
            # Known until it was last seen, estimated from there: cut there.
            count(seen, terms)
            since = max(since, seen)
            count(now, terms)
    for counter in world["counters"]:
        readings = {}
        for reading in counter["readings"]:
            readings.setdefault(reading["sequence"], reading)
        last = value = None
        waiting = 0
        for number in sorted(readings):
            reading = readings[number]
            at = seconds(reading["at"])
            if last is None:
                last, value = at, reading["value"]
                continue
            waiting += reading["value"] - value if reading["value"] >= value else reading["value"]
            at = max(last, min(at, now))
            for part in hours(last, at):
                pieces.append((*part, share(waiting, (last, at), part), counter["subject"]))
            waiting = 0 if at > last else waiting
            last, value = at, reading["value"]
    return [piece for piece in pieces if piece[2] > 0], lives


def days_of(month, zone):
    year, number = map(int, month.split("-"))
    day, found = date(year, number, 1), []
    midnight = lambda day: int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(timezone.utc).timestamp())
    while day.month == number:
        found.append((day, midnight(day), midnight(day + timedelta(days=1))))
        day += timedelta(days=1)
    return found


def exchange_on(world, plan, currency, day):
    if plan["currency"] == currency:
        return 10**9
    dated = [(row[2], row[3]) for row in world["exchange"] if row[:2] == [plan["currency"], currency] and row[2] <= str(day)]
    return max(dated)[1]


def rate(world, account, pieces, lives, plans):
    """Lines: (day, subject, kind, reservation, price) with quantity, list and net cost."""
    days = days_of(world["month"], account["zone"])
    slices = []
    for begin, end, quantity, subject in pieces:
        if subject["project"] == account["project"]:
            for index, (_, first, last) in enumerate(days):
                part = (max(begin, first), min(end, last))
                if part[0] < part[1]:
                    slices.append([part[0], part[1], order(subject), index, share(quantity, (begin, end), part), subject])
    slices.sort(key=lambda piece: piece[:3])
    rates = {(plan["id"], rate["meter"]): rate for plan in plans.values() for rate in plan["rates"]}
    lines, names = defaultdict(int), {}

    def add(day, subject, kind, reservation, price, quantity):
        if quantity:
            names[order(subject)] = subject
            lines[day, order(subject), kind, reservation, price] += quantity

    start, stop = days[0][1], days[-1][2]
    used = defaultdict(int)
    terms = [(one, max(start, seconds(one["term"]["from"])), min(stop, seconds(one["term"]["to"])))
             for one in account["reservations"]]
    for piece in slices:
        begin, end, _, day, quantity, subject = piece
        for one, first, last in terms:
            if (one["plan"], one["meter"]) != (subject["plan"], subject["meter"]):
                continue
            inside = min(piece[4], share(quantity, (begin, end), (first, last)))
            cell = begin // HOUR * HOUR
            open_ = min(cell + HOUR, last, days[day][2]) - max(cell, first, days[day][1])
            key = (one["id"], day, cell)
            covered = max(0, min(inside, one["units"] * open_ - used[key]))
            used[key] += covered
            piece[4] -= covered
            add(day, subject, "reserved", one["id"], one["micros"], covered)
    for one, first, last in terms:
        for day, (_, begin, end) in enumerate(days):
            length = min(end, last) - max(begin, first)
            if length > 0:
                taken = sum(value for (name, on, _), value in used.items() if (name, on) == (one["id"], day))
                subject = {"provider": one["provider"], "resource": {"kind": one["kind"], "id": one["id"]}, "meter": one["meter"],
                           "project": account["project"], "application": None, "offer": None, "plan": one["plan"]}
                add(day, subject, "unused", one["id"], one["micros"], one["units"] * length - taken)
    free, total, so_far = {}, defaultdict(int), defaultdict(int)
    for piece in slices:
        key = (piece[5]["plan"], piece[5]["meter"])
        left = free.setdefault(key, rates[key]["free"])
        taken = min(left, piece[4])
        free[key] -= taken
        piece[4] -= taken
        total[key] += piece[4]
        add(piece[3], piece[5], "free", None, 0, taken)
    for begin, end, _, day, quantity, subject in slices:
        key = (subject["plan"], subject["meter"])
        price = rates[key]["price"]
        if price["kind"] == "flat":
            add(day, subject, "usage", None, price["micros"], quantity)
        elif price["kind"] == "volume":
            tier = next(tier for tier in price["tiers"] if tier["upTo"] is None or total[key] <= tier["upTo"])
            add(day, subject, "usage", None, tier["micros"], quantity)
        elif price["kind"] == "graduated":
            low = 0
            for tier in price["tiers"]:
                high = tier["upTo"] if tier["upTo"] is not None else 10**30
                part = min(so_far[key] + quantity, high) - max(so_far[key], low)
                add(day, subject, "usage", None, tier["micros"], max(0, part))
                low = high
        else:
            dated = sorted((seconds(moment), micros) for moment, micros in price["prices"].items())
            for (first, micros), (last, _) in zip(dated, dated[1:] + [(10**12, 0)]):
                add(day, subject, "usage", None, micros, share(quantity, (begin, end), (first, last)))
        so_far[key] += quantity
    for resource, first, begun, ended in lives:
        if first["project"] == account["project"]:
            for day, (_, begin, end) in enumerate(days):
                if begin < ended <= end:
                    for meter, each in first["meters"].items():
                        missing = plans[first["plan"]]["minimumTerm"] - (ended - begun)
                        if missing > 0:
                            price = rates[first["plan"], meter]["price"]["micros"]
                            add(day, subject_of(first, resource, meter), "minimum-term", None, price, each * missing)
    charges = []
    for (day, key, kind, reservation, price), quantity in lines.items():
        subject, on = names[key], days[day][0]
        plan, rule = plans[subject["plan"]], rates[subject["plan"], subject["meter"]]
        nanos = exchange_on(world, plan, account["currency"], on)
        cost = net = even(Fraction(quantity * price * nanos, rule["unit"]["size"] * 10**9))
        for discount in account["discounts"] if kind in ("usage", "minimum-term") else []:
            fits = all(discount[name] in (None, subject[name]) for name in ("plan", "meter", "application"))
            if fits and discount["from"] <= str(on) and (discount["through"] is None or str(on) <= discount["through"]):
                net -= even(Fraction(net * discount["ppm"], 10**6))
        charges.append((on, subject, kind, reservation, price, nanos, quantity, cost, net))
    return charges


def credits(world, account, pieces, charges):
    """What is given back of a month's charges, in the order in which breaches were told."""
    days = days_of(world["month"], account["zone"])
    start, stop = days[0][1], days[-1][2]
    zone = ZoneInfo(account["zone"])
    times = {day: (begin, end) for day, begin, end in days}
    used = [charge for charge in charges if charge[2] in ("usage", "reserved")]
    of_thing = defaultdict(list)
    for piece in pieces:
        of_thing[order(piece[3])].append(piece)
    given, all_given = defaultdict(int), []
    for breach in sorted(world["breaches"], key=lambda breach: breach["sequence"]):
        if breach["project"] != account["project"]:
            continue
        missed = breach["missed"]
        begin, end = seconds(missed["from"]), seconds(missed["until"])
        owed, subject = 0, None
        for charge in used:
            first, last = times[charge[0]]
            if charge[1]["resource"]["id"] != breach["machine"] or min(end, last) <= max(begin, first):
                continue
            if subject is None or (charge[0], order(charge[1])) > subject[0]:
                subject = ((charge[0], order(charge[1])), charge[1])
            whole = lambda until: sum(share(piece[2], piece[:2], (first, until)) for piece in of_thing[order(charge[1])])
            if begin <= first and last <= end:
                owed += charge[8]
            elif whole(last):
                part = lambda until: charge[8] * whole(until) // whole(last)
                owed += part(min(end, last)) - part(max(begin, first))
        owed = even(Fraction(owed) * Fraction(missed["creditPercent"]) / 100)
        if owed <= 0:
            continue
        ended = datetime.fromtimestamp(end - 1, zone).strftime("%Y-%m")
        key = (breach["offer"], ended)
        if breach.get("creditCapPercent") is not None:
            of_offer = sum(charge[8] for charge in used if charge[1]["offer"] == breach["offer"]) if ended == world["month"] else 0
            owed = min(owed, max(0, even(Fraction(of_offer) * Fraction(breach["creditCapPercent"]) / 100) - given[key]))
        given[key] += owed
        at = seconds(breach["at"])
        if owed and start <= at < stop:
            day = next(day for day, first, last in days if first <= at < last)
            named = {**subject[1], "credited": breach["sequence"]}
            all_given.append((day, named, "credit", None, owed, 10**9, 1, -owed, -owed))
    return all_given


def tax(world, tenant, day):
    if tenant["country"] != "DE" and (tenant["business"] or tenant["country"] == "CH"):
        return ("AE" if tenant["country"] != "CH" else "O", 0)
    return ("S", max((row[1], row[2]) for row in world["taxes"] if row[0] == tenant["country"] and row[1] <= str(day))[1])


def invoice(world, tenant, charges):
    lines, taxable = defaultdict(int), defaultdict(int)
    for day, subject, kind, reservation, price, nanos, _, _, net in charges:
        taxed = tax(world, tenant, day)
        lines[subject["application"], subject["provider"], subject["plan"], subject["meter"], kind, reservation, price, nanos, subject.get("credited"), taxed] += net
    for key, exact in lines.items():
        taxable[key[-1]] += even(Fraction(exact, 10_000)) * 10_000
    taxes = sum(even(Fraction(amount * points, 10_000 * 10_000)) * 10_000 for (_, points), amount in taxable.items())
    net = sum(taxable.values())
    return [sum(lines.values()), net, taxes, net + taxes]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        world = json.load(file)
    now = seconds(world["now"])
    plans = {plan["id"]: plan for plan in world["plans"]}
    pieces, lives = metered(world, now)
    tenants, ledger, settlement = {}, defaultdict(int), defaultdict(lambda: [0, 0, 0])
    for tenant in world["tenants"]:
        project = tenant["account"]["project"]
        charges = rate(world, tenant["account"], pieces, lives, plans)
        charges += credits(world, tenant["account"], pieces, charges)
        told = defaultdict(lambda: [0, 0, 0])
        for day, subject, kind, reservation, price, _, quantity, cost, net in charges:
            thing = f"{subject['resource']['kind']}/{subject['resource']['id']}"
            name = f"{day} {subject['provider']} {thing} {subject['meter']} {subject['plan']} {kind} {reservation or '-'} {price}"
            told[name] = [quantity, cost, net]
            ledger[f"revenue:{subject['provider']}"] -= net
        bill = invoice(world, tenant, charges)
        tenants[project] = {"charges": told, "invoice": bill}
        ledger[f"receivable:{project}"] += bill[3]
        ledger[f"tax:{tenant['country']}"] -= bill[2]
        ledger["rounding"] += bill[0] - bill[1]
    brokers = sorted({tenant["broker"] for tenant in world["tenants"]})
    for account in world["orders"]:
        buyer = f"did:web:{account['project'].split('/')[1]}.example"
        for charge in rate(world, account, pieces, [], plans):
            first, second = sorted([buyer, charge[1]["provider"]])
            settlement[f"{first} {second}"][0 if charge[1]["provider"] == first else 1] += charge[8]
    for index, first in enumerate(brokers):
        for second in brokers[index + 1:]:
            sums = settlement[f"{first} {second}"]
            sums[2] = sums[1] - sums[0]
    print(json.dumps({"tenants": tenants, "settlement": settlement,
                      "ledger": {name: micros for name, micros in ledger.items() if micros}}))


main()
