#include "fhir/element.h"

bool element_find(struct str owner, struct str name, struct fhir_definition *out)
{
    for (int r = 0; r < FHIR_RELEASES; r++)
        if (fhir_element_defined((enum fhir_release)r, owner, name, out))
            return true;
    return false;
}

bool element_owner_known(struct str owner)
{
    struct fhir_definition first;

    for (int r = 0; r < FHIR_RELEASES; r++)
        if (fhir_element_at((enum fhir_release)r, owner, 0, &first))
            return true;
    return false;
}

bool element_is_choice(const struct fhir_definition *el)
{
    return strcmp(el->type, "[x]") == 0;
}

bool element_known(struct str name)
{
    return str_eq(name, STR("resourceType")) || fhir_element_name_known(name);
}

bool type_known(struct str type)
{
    for (int r = 0; r < FHIR_RELEASES; r++)
        if (fhir_type_defined((enum fhir_release)r, type))
            return true;
    return false;
}

bool resource_type_known(struct str type)
{
    for (int r = 0; r < FHIR_RELEASES; r++)
        if (fhir_resource_defined((enum fhir_release)r, type))
            return true;
    return false;
}

bool type_is(struct str type, struct str ancestor)
{
    if (str_eq(type, ancestor))
        return type.p != NULL;
    for (int r = 0; r < FHIR_RELEASES; r++)
        if (fhir_type_descends((enum fhir_release)r, type, ancestor))
            return true;
    return false;
}
