#include "hl7/meaning.h"

/* clang-format off */
const struct hl7_trigger_group hl7_trigger_groups[] = {
    {"appointment.booked", "SIU^S12", "A booking; sent again with another start it is a move."},
    {"appointment.moved", "SIU^S13", "S13 leaves the old time out."},
    {"appointment.changed", "SIU^S14 SIU^S18 SIU^S19 SIU^S20 SIU^S21 SIU^S22",
     "Some senders use S14 for check-in and check-out: no difference, no notice."},
    {"appointment.cancelled", "SIU^S15 SIU^S16 SIU^S17",
     "Often only the number is there. S16 stops a started one or the rest of a series, S17 takes an error back."},
    {"appointment.missed", "SIU^S26", "A notice only where the site asks for one."},
    {"appointment.upcoming", "SIU^S27", "A list of what is booked: never worded as a new booking."},
    {"appointment.slots", "SIU^S23 SIU^S24", "Slots blocked and opened: no patient."},
    {"appointment.preadmission", "ADT^A05", "An admission that is planned; its time is PV2-8."},
    {"appointment.request",
     "SRM^S01 SRM^S02 SRM^S03 SRM^S04 SRM^S05 SRM^S06 SRM^S07 SRM^S08 SRM^S09 SRM^S10 SRM^S11 "
     "SRR^S01 SRR^S02 SRR^S03 SRR^S04 SRR^S05 SRR^S06 SRR^S07 SRR^S08 SRR^S09 SRR^S10 SRR^S11",
     "A wish, not a booking, until SIU or an SRR with MSA-1 AA comes."},
    {"result.reported", "ORU^R01 ORU^R30 ORU^R31 ORU^R32 OUL^R21 OUL^R22 OUL^R23 OUL^R24",
     "Final only with OBR-25 F or C and no OBX-11 P, R, S or I. R30 has no order number."},
    {"result.alarm", "ORU^R40", "An alarm for staff, never for a patient."},
    {"document.new", "MDM^T01 MDM^T02", "T01 has no body. Tell nobody before TXA-17 is AU or LA and TXA-19 is AV."},
    {"document.status", "MDM^T03 MDM^T04", "The document may have become available only now."},
    {"document.addendum", "MDM^T05 MDM^T06", "TXA-13 names the parent."},
    {"document.edited", "MDM^T07 MDM^T08", ""},
    {"document.replaced", "MDM^T09 MDM^T10", "TXA-13 names what it replaces."},
    {"document.withdrawn", "MDM^T11", "Takes notice and link back."},
    {"order.placed", "ORM^O01 OMG^O19 OML^O21 OMI^O23", "ORC-5 SC is a booking; ORC-1 CA, OC and DC cancel."},
    {"prescription.dispensed", "RDS^O13 RDE^O11 RDE^O25",
     "There is no standard code for ready to collect: agree on one with the sender."},
    {"vaccination.given", "VXU^V04", "RXA-21 D takes it back; PD1-11, -12 and -16 matter most here."},
    {"vaccination.forecast", "RSP^K11", "Profile Z42; the due date stands in OBX 30980-7."},
    {"billing.posted", "DFT^P03 DFT^P11 BAR^P01 BAR^P05 BAR^P06 BAR^P12",
     "DFT posts a charge: it does not say that a bill is ready."},
    {"visit.finished", "ADT^A03", "Leave out discharges by death (PV1-36)."},
    {"visit.undone", "ADT^A11 ADT^A13 ADT^A23 ADT^A27 ADT^A38",
     "A11 and A38 end reminders, A13 what followed a discharge."},
    {"patient.changed", "ADT^A01 ADT^A04 ADT^A08 ADT^A28 ADT^A31", "An empty field says nothing, \"\" deletes."},
    {"patient.deleted", "ADT^A29", ""},
    {"patient.merged", "ADT^A34 ADT^A36 ADT^A39 ADT^A40 ADT^A47", "MRG-1 is gone, PID-3 stays; both the same: nothing."},
    {"account.merged", "ADT^A41 ADT^A42", ""},
    {"account.moved", "ADT^A43 ADT^A44", ""},
    {"account.renumbered", "ADT^A49 ADT^A50 ADT^A51", ""},
    {"patient.linked", "ADT^A24", ""},
    {"patient.unlinked", "ADT^A37", ""},
};

const struct hl7_fact hl7_facts[] = {
    {"appointment.key", "SCH-2.1 SCH-1.1", "Some senders use SCH-5, PV1-19, or SCH-8.1, which may hold a diagnosis: no feed can read that one."},
    {"appointment.start", "TQ1-7 SCH-11.4 AIS-4 AIL-6 AIP-6 AIG-8",
     "They can disagree: say what then (`agree`). SCH-11 went in v2.7, TQ1 came in v2.5."},
    {"appointment.status", "SCH-25.1", "The trigger outranks it: S15 without a status is a cancellation."},
    {"appointment.reason", "SCH-6.1", ""},
    {"appointment.place", "AIL-3.1 PV1-3.4", ""},
    {"order.key", "ORC-3.1 ORC-2.1", ""},
    {"order.control", "ORC-1", ""},
    {"order.status", "ORC-5", ""},
    {"order.start", "TQ1-7 OBR-36", ""},
    {"result.key", "OBR-3.1 OBR-2.1", "With OBR-4 where a sender repeats a number."},
    {"result.status", "OBR-25", "Outranks ORC-5."},
    {"result.line_status", "OBX-11", "D and W take a result back."},
    {"result.time", "OBR-22 OBX-14 OBX-19", ""},
    {"result.code", "OBR-4.1", "Clinical: may stop a notice, may not shape one."},
    {"result.section", "OBR-24", "GE, SP, PAT, CP: hold."},
    {"result.release", "OBX-26", "Table 0909: SIMM at once; SWTH and STBD never by themselves."},
    {"document.key", "TXA-12.1", ""},
    {"document.parent", "TXA-13.1", ""},
    {"document.completion", "TXA-17", "AU and LA only."},
    {"document.confidentiality", "TXA-18", ""},
    {"document.availability", "TXA-19", "AV only."},
    {"prescription.key", "RXD-7 RXE-15 ORC-3.1 ORC-2.1", ""},
    {"prescription.time", "RXD-3", ""},
    {"vaccination.key", "ORC-3.1", ""},
    {"vaccination.time", "RXA-3", ""},
    {"vaccination.completion", "RXA-20", "CP, RE, NA, PA."},
    {"vaccination.action", "RXA-21", "A, U, D."},
    {"billing.key", "FT1-2 PID-18.1", ""},
    {"visit.key", "PV1-19.1 PID-18.1", ""},
    {"patient.key", "PID-3(5=MR).1", "By authority and type, never by position."},
    {"patient.merged_key", "MRG-1.1", ""},
    {"patient.phone", "PID-40(3=CP) PID-13(3=CP) PID-40(2=PRS) PID-13(2=PRS) PID-13(2=PRN) PID-14(3=CP)",
     "PID-40 came in v2.7, PID-13 went in v2.9; the first repetition may be empty."},
    {"patient.guardian_phone", "NK1-40(3=CP) NK1-5(3=CP) GT1-6(3=CP)", "For minors and dependants, where the site says so."},
    {"patient.language", "PID-15.1", "Missing is normal: the site's."},
    {"patient.consent", "PD1-11.1 PD1-12 PV2-21 PV2-22 ARV-3.1", "May only take permission away."},
    {"patient.confidential", "PV1-16.1 ORC-28.1 TXA-18 OBR-49.1", "Anything but the ordinary: hold."},
    {"patient.deceased", "PID-30 PID-29", ""},
};
/* clang-format on */

const size_t hl7_n_trigger_groups = sizeof hl7_trigger_groups / sizeof *hl7_trigger_groups;
const size_t hl7_n_facts = sizeof hl7_facts / sizeof *hl7_facts;

const struct hl7_trigger_group *hl7_trigger_group_find(struct str name)
{
    for (size_t i = 0; i < hl7_n_trigger_groups; i++)
        if (str_eq(str_of(hl7_trigger_groups[i].name), name))
            return &hl7_trigger_groups[i];
    return NULL;
}

const struct hl7_fact *hl7_fact_find(struct str name)
{
    for (size_t i = 0; i < hl7_n_facts; i++)
        if (str_eq(str_of(hl7_facts[i].name), name))
            return &hl7_facts[i];
    return NULL;
}

const struct hl7_trigger_group *hl7_trigger_group_of(struct str trigger)
{
    for (size_t i = 0; i < hl7_n_trigger_groups; i++) {
        struct str rest = str_of(hl7_trigger_groups[i].triggers);

        while (rest.p)
            if (str_eq(str_cut(&rest, ' '), trigger))
                return &hl7_trigger_groups[i];
    }
    return NULL;
}
