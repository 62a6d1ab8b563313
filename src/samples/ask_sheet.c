/* The sheet for the EHR team: one page of plain text that prints as it stands. */
#include "samples/profile.h"

enum { SHOWN = 6 };

static void head(FILE *to, const char *title)
{
    (void)fprintf(to, "\n%s\n", title);
}

static void ask(FILE *to, const char *question)
{
    (void)fprintf(to,
                  "  [ ] %s\n      ____________________________________________________________\n",
                  question);
}

static void seen(FILE *to, const char *what, const struct tally *t)
{
    if (!t->n)
        return;
    (void)fprintf(to, "      samples: %s ", what);
    for (size_t i = 0; i < t->n && i < SHOWN; i++)
        (void)fprintf(to, "%s" STR_FMT, i ? ", " : "", STR_ARG(t->items[i].name));
    (void)fprintf(to, "%s\n", t->n > SHOWN ? " and others" : "");
}

static void seen_phones(const struct profile *p, FILE *to)
{
    size_t at;
    const char *country = profile_country(p, &at);

    for (size_t i = 0; country && i < p->phones.n && i < SHOWN; i++)
        if (p->phone[p->phones.items[i].at].valid[at])
            (void)fprintf(to, "      samples: " STR_FMT " valid (%s) in %zu of %zu\n",
                          STR_ARG(p->phones.items[i].name), country,
                          p->phone[p->phones.items[i].at].valid[at], p->n_messages);
}

void profile_ask_sheet(const struct profile *p, FILE *to)
{
    (void)fprintf(to,
                  "QUESTIONS ABOUT YOUR INTERFACE                       %zu sample messages seen\n"
                  "Please correct what is wrong and fill in what is open.\n",
                  p->n_messages);
    head(to, "1 Transport");
    ask(to, "Addresses and ports that connect to us, test and live; who opens the connection?");
    ask(to, "TLS: version, client certificate, who signs it, when it runs out?");
    ask(to, "How many connections? Is the order of messages kept on one, or across all?");
    head(to, "2 Acknowledgement");
    ask(to, "Original or enhanced mode (MSH-15, MSH-16)? How long do you wait for an answer?");
    ask(to, "After AE, AR or no answer: sent again? How often, how long, with the same MSH-10?");
    head(to, "3 Messages");
    ask(to, "All events you will send, each with what a user does to cause it:");
    seen(to, "", &p->triggers);
    seen(to, "senders", &p->senders);
    seen(to, "version", &p->versions);
    seen(to, "MSH-11", &p->processing);
    ask(to, "A cancelled appointment: which event, which fields are filled? A moved one?");
    ask(to, "Which number stays the same for one appointment, one order, one document?");
    head(to, "4 Text and time");
    ask(to, "Character set of every message:");
    seen(to, "MSH-18", &p->charsets);
    ask(to, "Time zone of times without an offset; is the offset right in summer?");
    seen(to, "offsets in MSH-7", &p->offsets);
    head(to, "5 Patients");
    ask(to, "Where is the mobile number, and who keeps it current? Guardians, shared numbers?");
    seen_phones(p, to);
    ask(to, "Which record number is the patient's for good? Merges: which event?");
    ask(to, "Where are language, refusal of messages, and death recorded?");
    head(to, "6 Places and results");
    ask(to, "Every site with its code, and the field that tells it:");
    seen(to, "", &p->senders);
    ask(to, "Which results may be announced without a clinician? Who signs that list?");
    if (p->shapes.n)
        ask(to, "What is in each field of your Z-segments?");
    seen(to, "", &p->shapes);
    head(to, "7 People");
    ask(to, "Interface lead, night and weekend number, change calendar, notice before an upgrade:");
}
