/* How sensitive a value is: its class (docs/feed-language.md, section 13.1). Join is the maximum. */
#ifndef MODEL_CLASS_H
#define MODEL_CLASS_H

enum sensitivity {
    CLASS_PUBLIC,     /* literals, template text, reasons: anywhere               */
    CLASS_DIRECTORY,  /* site code, public clinic name: parameters, logs, labels  */
    CLASS_PREFERENCE, /* language: choice of translation                          */
    CLASS_LOGISTICS,  /* visit time, status, event kind: choice of template       */
    CLASS_CONTACT,    /* phone: recipient of the send call, never a log           */
    CLASS_IDENTIFIER, /* record number, name, birth date: keys, by pseudonym      */
    CLASS_CLINICAL,   /* everything else, and everything unlisted: guards, flags  */
};

/* "public", "directory", … */
const char *class_name(enum sensitivity c);

/* The class of a value made from two: the more sensitive one. */
static inline enum sensitivity class_join(enum sensitivity a, enum sensitivity b)
{
    return a > b ? a : b;
}

#endif
