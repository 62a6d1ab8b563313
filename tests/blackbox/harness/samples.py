"""Messages for the demo feed, made from its own samples: numbered, so that each is another patient's.

Telephone numbers are +1 NPA 555-0100 … 0199, kept for fiction; people, records and places are invented."""
import copy
import datetime
import json

from .daemon import FEEDS
from .mllp import Message

SAMPLES = FEEDS / "samples"
AREAS = [a for a in (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 "
    "254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 "
    "330 334 336 337 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 432 434 435 "
    "440 443 469 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 561 "
    "562 563 567 570 571 573 574 580 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 "
    "630 631 636 641 646 650 651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 "
    "727 731 732 734 740 754 757 760 763 765 770 772 773 774 775 781 785 786 801 802 803 804 805 806 808 810 812 813 814 "
    "815 816 817 818 828 830 831 832 843 845 847 848 850 856 857 858 859 860 862 863 864 865 870 878 901 903 904 906 907 "
    "908 909 910 912 913 914 915 916 917 918 919 920 925 928 931 936 937 940 941 947 949 951 952 954 956 970 971 972 973 "
    "978 979 980 985 989").split()]
PHONES = len(AREAS) * 100


def phone(n):
    """The E.164 number of patient n; distinct for n < PHONES."""
    return f"+1{AREAS[n // 100 % len(AREAS)]}55501{n % 100:02d}"


def start(days=30):
    """A time of day in the future, as HL7 writes it without an offset."""
    day = datetime.date.today() + datetime.timedelta(days=days)
    return day.strftime("%Y%m%d") + "0930"


def stamp():
    """MSH-7 of today, the same all day."""
    return datetime.date.today().strftime("%Y%m%d") + "000001+0000"


# -- the demo's own samples -------------------------------------------------------------------------------


def hl7_texts():
    """{file name: text} of every HL7 sample of the demo."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(SAMPLES.glob("*.hl7"))}


def fhir_resources():
    """{file name: resource} of every FHIR sample of the demo."""
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(SAMPLES.glob("*.json"))}


def _first(trigger):
    return next(Message(text) for text in hl7_texts().values() if Message(text)["MSH-9"].startswith(trigger))


def _has(message, path):
    try:
        return bool(message[path])
    except KeyError:
        return False


TIMES = ("SCH-11.4", "SCH-11.5", "AIS-4", "AIL-6", "TQ1-7")
IDS = ("SCH-1.1", "SCH-2.1", "OBR-2.1", "OBR-3.1", "ORC-2.1", "ORC-3.1", "PID-3.1")


def renumber(message, n, tag="N"):
    """A copy of a sample that is another patient's and another appointment's or order's, in the future."""
    message = message.copy()
    message["MSH-10"] = f"{tag}{n:08d}"
    for path in IDS:
        if _has(message, path):
            message[path] = f"{message[path]}-{tag}{n}"
    for path in TIMES:
        if _has(message, path):
            message[path] = start()
    return message


def _numbered(message, n, tag):
    message = renumber(message, n, tag)
    if _has(message, "PID-3"):
        message["PID-13"] = f"{phone(n)}^PRN^CP"
    return message


def booking(n):
    """SIU^S12 of patient n."""
    return _numbered(_first("SIU^S12"), n, "B")


def moved(message):
    """The same appointment a day later, as S13."""
    later = message.copy()
    later["MSH-9.2"] = "S13"
    later["MSH-10"] = message["MSH-10"] + "M"
    for path in TIMES:
        if _has(later, path):
            later[path] = start(31)
    return later


def cancelled(message):
    """The same appointment, cancelled, as S15."""
    later = message.copy()
    later["MSH-9.2"] = "S15"
    later["MSH-10"] = message["MSH-10"] + "C"
    return later


def result(n):
    """ORU^R01 of patient n."""
    return _numbered(_first("ORU^R01"), n, "R")


def appointment_number(message):
    return message["SCH-2.1"] or message["SCH-1.1"]


def _renumber_value(value, n):
    if isinstance(value, list):
        for item in value:
            _renumber_value(item, n)
    elif isinstance(value, dict):
        for identifier in value.get("identifier", []) if isinstance(value.get("identifier"), list) else []:
            if "value" in identifier:
                identifier["value"] = f"{identifier['value']}-{n}"
        if value.get("resourceType") == "Appointment" and "start" in value:
            value["start"] = (datetime.date.today() + datetime.timedelta(days=30)).isoformat() + "T09:30:00+08:00"
        for item in value.values():
            _renumber_value(item, n)


def renumber_fhir(resource, n):
    """A copy of a FHIR sample that is another patient's and another appointment's, in the future."""
    resource = copy.deepcopy(resource)
    _renumber_value(resource, n)
    return resource


def _resources(resource, kind):
    if resource.get("resourceType") == kind:
        return [resource]
    return [e["resource"] for e in resource.get("entry", []) if e.get("resource", {}).get("resourceType") == kind]


def fhir_appointment(bundle):
    return _resources(bundle, "Appointment")[0]


def fhir_booking(n):
    """A Bundle with an Appointment and its Patient n."""
    bundle = next(r for r in fhir_resources().values() if _resources(r, "Appointment") and _resources(r, "Patient"))
    bundle = renumber_fhir(bundle, n)
    for patient in _resources(bundle, "Patient"):
        patient["telecom"] = [{"system": "phone", "use": "mobile", "value": phone(n)}]
    return bundle


def fhir_patient_number(bundle):
    return _resources(bundle, "Patient")[0]["identifier"][0]["value"]


def fhir_appointment_number(bundle):
    return fhir_appointment(bundle)["identifier"][0]["value"]
