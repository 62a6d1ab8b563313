/* The options of listeners, senders and channels. */
#include <stddef.h>

#include "option.h"

#define IN_LISTEN(member)  offsetof(struct listen, member)
#define IN_SENDER(member)  offsetof(struct sender_entry, member)
#define IN_CHANNEL(member) offsetof(struct channel_entry, member)
#define MLLP               (1U << LISTEN_MLLP)
#define PRIVATE            (MLLP | 1U << LISTEN_FHIR | 1U << LISTEN_ADMIN)

/* clang-format off */
#define PROFILE(in, kinds)                                                                                   \
    {"mode", OPTION_CHOICE, in(profile.mode), "auto original enhanced", kinds,                               \
     "Which acknowledgement codes answer: `auto` follows MSH-15 and MSH-16 of each message."},               \
    {"app_ack", OPTION_CHOICE, in(profile.app_ack), "same_socket return_channel off", kinds,                 \
     "Where the application acknowledgement goes that MSH-16 asks for; with `channel` it is `return_channel`."}, \
    {"channel", OPTION_TEXT, in(profile.channel), NULL, kinds,                                               \
     "The channel of `channels` for it."},                                                                   \
    {"busy", OPTION_CHOICE, in(profile.busy), "AE no_reply close", kinds,                                    \
     "The answer while nothing can be stored: AE or CE, silence, or the connection is closed."},             \
    {"batch", OPTION_CHOICE, in(profile.batch), "each errors none", kinds,                                   \
     "A batch is answered with a batch of all acknowledgements, of the negative ones, or not at all."},      \
    {"processing_id", OPTION_CHOICE, in(profile.processing_id), "required optional", kinds,                  \
     "`optional`: an empty MSH-11 reads as P; else it is refused (AR 202)."},                                \
    {"test_messages", OPTION_CHOICE, in(profile.test_messages), "store refuse", kinds,                       \
     "MSH-11 T and D: stored and never sent, or refused (AR 202)."},                                         \
    {"strict", OPTION_CHOICE, in(profile.strict), "no yes", kinds,                                           \
     "`yes`: undecodable text and missing required fields are refused (AE)."},                               \
    {"sequence", OPTION_CHOICE, in(profile.sequence), "no yes", kinds,                                       \
     "`yes`: MSH-13 is a sequence number."},                                                                 \
    {"charset", OPTION_TEXT, in(profile.charset), NULL, kinds,                                               \
     "Character set of the messages, whatever MSH-18 says; a value of HL7 table 0211."},                     \
    {"fallback_charset", OPTION_TEXT, in(profile.fallback_charset), NULL, kinds,                             \
     "Character set of undeclared bytes that are not UTF-8; windows-1252 when not set."}

#define TLS(in, kinds, whose)                                                                                \
    {"tls.certificate", OPTION_FILE, in(tls.certificate), NULL, kinds,                                       \
     "PEM file with our certificate, then those that signed it."},                                           \
    {"tls.key", OPTION_FILE, in(tls.key), NULL, kinds, "PEM file with its key, mode 0600."},                 \
    {"tls.ca", OPTION_FILE, in(tls.ca), NULL, kinds, whose}

static const struct option listen_rows_[] = {
    TLS(IN_LISTEN, ALL_LISTENERS, "PEM file: each client must show a certificate signed by one of these."),
    {"allow", OPTION_TEXTS, IN_LISTEN(allow), NULL, ALL_LISTENERS,
     "Addresses and ranges that may connect, as `10.1.0.0/16`; all when not set."},
    {"client_certificates", OPTION_CHOICE, IN_LISTEN(anonymous), "needed not_needed", PRIVATE,
     "Of `mllp`, `fhir` and `admin` beyond loopback: `tls.ca` must be set, or `not_needed` says that everybody whom `allow` "
     "lets in may speak; a warning in the log says so, too."},
    {"unlisted", OPTION_CHOICE, IN_LISTEN(unlisted), "auto accept refuse", MLLP,
     "Messages whose MSH-3 and MSH-4 no entry of `senders` names: taken, or refused (AR 207). `auto`: refused as soon as any "
     "entry of `senders` has `addresses` or `certificates`, else taken."},
    {"start_byte", OPTION_BYTE, IN_LISTEN(start_byte), NULL, MLLP, "What begins a message, where a device uses another byte than 0x0B."},
    {"end_byte", OPTION_BYTE, IN_LISTEN(end_byte), NULL, MLLP, "What ends it, where it is not 0x1C."},
    {"start_byte_missing", OPTION_CHOICE, IN_LISTEN(start_missing), "no yes", MLLP,
     "`yes`: senders that leave the start byte out are understood."},
    PROFILE(IN_LISTEN, MLLP),
};

static const struct option sender_rows[] = {
    {"name", OPTION_TEXT, IN_SENDER(name), NULL, 0, "What the log and `tidings status` call it."},
    {"application", OPTION_TEXT, IN_SENDER(application), NULL, 0, "MSH-3, first component; any when not set."},
    {"facility", OPTION_TEXT, IN_SENDER(facility), NULL, 0, "MSH-4, first component; any when not set."},
    {"addresses", OPTION_TEXTS, IN_SENDER(addresses), NULL, 0,
     "It may come from these addresses and ranges only."},
    {"certificates", OPTION_TEXTS, IN_SENDER(certificates), NULL, 0,
     "It must show a certificate with one of these names, or `sha256:` and its fingerprint."},
    PROFILE(IN_SENDER, 0),
};

static const struct option channel_rows[] = {
    {"name", OPTION_TEXT, IN_CHANNEL(name), NULL, 0, "What senders and the log call it."},
    {"to", OPTION_TEXT, IN_CHANNEL(to), NULL, 0, "HOST:PORT of the receiver, by name or address."},
    {"plain", OPTION_CHOICE, IN_CHANNEL(plain), "no yes", 0, "`yes`: without TLS; to loopback addresses only."},
    TLS(IN_CHANNEL, 0, "PEM file with those that may sign the receiver's certificate; the system's when not set."),
};
/* clang-format on */

enum {
    LISTEN_ROWS = sizeof listen_rows_ / sizeof *listen_rows_,
    SENDER_ROWS = sizeof sender_rows / sizeof *sender_rows,
    CHANNEL_ROWS = sizeof channel_rows / sizeof *channel_rows,
};

const struct options listen_options = {"listener", listen_rows_, LISTEN_ROWS};
const struct options sender_options = {"sender", sender_rows, SENDER_ROWS};
const struct options channel_options = {"channel", channel_rows, CHANNEL_ROWS};
