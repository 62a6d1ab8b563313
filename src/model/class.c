#include "model/class.h"

static const char *const names[] = {
    [CLASS_PUBLIC] = "public",         [CLASS_DIRECTORY] = "directory",
    [CLASS_PREFERENCE] = "preference", [CLASS_LOGISTICS] = "logistics",
    [CLASS_CONTACT] = "contact",       [CLASS_IDENTIFIER] = "identifier",
    [CLASS_CLINICAL] = "clinical",
};

const char *class_name(enum sensitivity c)
{
    return names[c];
}
