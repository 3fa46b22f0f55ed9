"""The patterns that `grok` expressions may name, in the syntax of RE2."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"

DEFAULT_PATTERNS: Final = MappingProxyType(
    {
        "WORD": r"\b\w+\b",
        "NOTSPACE": r"\S+",
        "SPACE": r"\s*",
        "DATA": r".*?",
        "GREEDYDATA": r".*",
        "QUOTEDSTRING": r'(?:"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')',
        "QS": "%{QUOTEDSTRING}",
        "INT": r"[+-]?[0-9]+",
        "POSINT": r"\b[1-9][0-9]*\b",
        "NONNEGINT": r"\b[0-9]+\b",
        "BASE10NUM": r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)",
        "NUMBER": "%{BASE10NUM}",
        "BASE16NUM": r"[+-]?(?:0x)?[0-9A-Fa-f]+",
        "UUID": "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
        "USERNAME": r"[a-zA-Z0-9._-]+",
        "USER": "%{USERNAME}",
        "EMAILLOCALPART": r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+",
        "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
        "IPV4": rf"(?:{_OCTET}\.){{3}}{_OCTET}",
        "IPV6": r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:%\w+)?",
        "IP": "(?:%{IPV4}|%{IPV6})",
        "HOSTNAME": r"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?",
        "HOST": "%{HOSTNAME}",
        "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
        "HOSTPORT": "%{IPORHOST}:%{POSINT}",
        "MAC": "(?:[A-Fa-f0-9]{2}[:-]){5}[A-Fa-f0-9]{2}",
        "UNIXPATH": r"(?:/[\w.%!$@:,+~-]*)+",
        "WINPATH": r"(?:[A-Za-z]:|\\)(?:\\[^\\?*]*)+",
        "PATH": "(?:%{UNIXPATH}|%{WINPATH})",
        "URIPROTO": r"[A-Za-z]+(?:\+[A-Za-z+]+)?",
        "URIHOST": "%{IPORHOST}(?::%{POSINT})?",
        "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+",
        "URIPARAM": r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*",
        "URIPATHPARAM": "%{URIPATH}(?:%{URIPARAM})?",
        "URI": "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
        "MONTH": "\\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
        "Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\b",
        "MONTHNUM": "(?:0?[1-9]|1[0-2])",
        "MONTHDAY": "(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
        "DAY": "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
        "YEAR": "[0-9]{2}(?:[0-9]{2})?",
        "HOUR": "(?:2[0-3]|[01]?[0-9])",
        "MINUTE": "[0-5][0-9]",
        "SECOND": "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?",
        "TIME": "%{HOUR}:%{MINUTE}(?::%{SECOND})?",
        "TZ": "[A-Z]{3,4}",
        "ISO8601_TIMEZONE": "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
        "TIMESTAMP_ISO8601": "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?"
        "(?:%{ISO8601_TIMEZONE})?",
        "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
        "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
        "DATE": "(?:%{DATE_US}|%{DATE_EU})",
        "DATESTAMP": "%{DATE}[- ]%{TIME}",
        "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
        "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
        "PROG": r"[\x21-\x5a\x5c\x5e-\x7e]+",
        "SYSLOGPROG": r"%{PROG:program}(?:\[%{POSINT:pid}\])?",
        "SYSLOGHOST": "%{IPORHOST}",
        "LOGLEVEL": "(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|"
        "severe|emerg(?:ency)?)",
        "COMMONAPACHELOG": r"%{IPORHOST:clientip} %{NOTSPACE:ident} %{NOTSPACE:auth} \[%{HTTPDATE:timestamp}\] "
        r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" '
        r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
        "COMBINEDAPACHELOG": "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    }
)
"""By name; they may name each other."""
