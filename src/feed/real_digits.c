#include "real_digits.h"

#include <stdint.h>
#include <string.h>

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static int64_t number(const char *s, size_t n)
{
    int64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value = value * 10 + (s[i] - '0');
    return value;
}

static int weighted(const char *s, const int *weights, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (s[i] - '0') * weights[i];
    return sum;
}

/* Every digit the same: given to nobody, and right in most schemes. */
static bool is_flat(const char *s, size_t n)
{
    return strspn(s, (const char[]){s[0], '\0'}) >= n;
}

static bool is_day(const char *month, const char *day)
{
    int64_t m = number(month, 2), d = number(day, 2);

    return m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

static bool luhn(const char *s, size_t n, int sum)
{
    for (size_t i = 0; i < n; i++) {
        int d = (s[n - 1 - i] - '0') << (i % 2);

        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

bool digits_taiwan(const char *s, size_t n)
{
    static const int letters[] = {10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21,
                                  22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33};
    static const int weights[] = {7, 6, 5, 4, 3, 2, 1, 1};
    int first, second;

    if (n != 10 || !is_upper(s[0]) || !all_digits(s + 2, 8))
        return false;
    if (is_upper(s[1]) && s[1] <= 'D') /* resident certificates until 2020 */
        second = letters[s[1] - 'A'] % 10;
    else if (s[1] == '1' || s[1] == '2' || s[1] == '8' || s[1] == '9')
        second = s[1] - '0';
    else
        return false;
    first = letters[s[0] - 'A'];
    return (first / 10 + first % 10 * 9 + second * 8 + weighted(s + 2, weights, 8)) % 10 == 0;
}

bool digits_china(const char *s, size_t n)
{
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};

    return n == 18 && all_digits(s, 17) && is_day(s + 10, s + 12) && (s[6] == '1' || s[6] == '2') &&
           "10X98765432"[weighted(s, weights, 17) % 11] == s[17];
}

bool digits_korea(const char *s, size_t n)
{
    static const int weights[] = {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5};

    return n == 13 && all_digits(s, 13) && is_day(s + 2, s + 4) &&
           (11 - weighted(s, weights, 12) % 11) % 10 == s[12] - '0';
}

bool digits_nric(const char *s, size_t n)
{
    static const int weights[] = {2, 7, 6, 5, 4, 3, 2};
    bool foreign = s[0] == 'F' || s[0] == 'G';
    int sum;

    if (n != 9 || !strchr("STFG", s[0]) || !all_digits(s + 1, 7))
        return false;
    sum = weighted(s + 1, weights, 7) + (s[0] == 'T' || s[0] == 'G' ? 4 : 0);
    return (foreign ? "XWUTRQPNMLK" : "JZIHGFEDCBA")[sum % 11] == s[8];
}

bool digits_my_number(const char *s, size_t n)
{
    static const int weights[] = {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    int rest;

    if (n != 12 || !all_digits(s, 12) || is_flat(s, 12))
        return false;
    rest = weighted(s, weights, 11) % 11;
    return (rest <= 1 ? 0 : 11 - rest) == s[11] - '0';
}

bool digits_aadhaar(const char *s, size_t n)
{
    static const char permute[8][11] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                        "9453126870", "4286573901", "2793806415", "7046913258"};
    static const char times[10][11] = {"0123456789", "1234067895", "2340178956", "3401289567",
                                       "4012395678", "5987604321", "6598710432", "7659821043",
                                       "8765932104", "9876543210"};
    int c = 0;

    if (n != 12 || !all_digits(s, 12) || s[0] < '2' || is_flat(s, 12))
        return false;
    for (size_t i = 0; i < n; i++)
        c = times[c][permute[i % 8][s[n - 1 - i] - '0'] - '0'] - '0';
    return c == 0;
}

bool digits_nhs(const char *s, size_t n)
{
    static const int weights[] = {10, 9, 8, 7, 6, 5, 4, 3, 2};

    return n == 10 && all_digits(s, 10) && !is_flat(s, 10) &&
           (11 - weighted(s, weights, 9) % 11) % 11 == s[9] - '0';
}

bool digits_bsn(const char *s, size_t n)
{
    static const int weights[] = {9, 8, 7, 6, 5, 4, 3, 2, -1};

    return n == 9 && all_digits(s, 9) && !is_flat(s, 9) && weighted(s, weights, 9) % 11 == 0;
}

bool digits_dni(const char *s, size_t n)
{
    char digits[9] = {0};

    if (n != 9)
        return false;
    memcpy(digits, s, 8);
    if (s[0] >= 'X' && s[0] <= 'Z') /* NIE */
        digits[0] = (char)('0' + (s[0] - 'X'));
    return all_digits(digits, 8) && "TRWAGMYFPDXBNJZSQVHLCKE"[number(digits, 8) % 23] == s[8];
}

bool digits_nir(const char *s, size_t n)
{
    char digits[16] = {0};
    int64_t corsica = 0, month;

    if (n != 15)
        return false;
    memcpy(digits, s, 15);
    if (s[5] == '2' && (s[6] == 'A' || s[6] == 'B')) {
        corsica = s[6] == 'A' ? 1000000 : 2000000;
        digits[6] = '0';
    }
    if (!all_digits(digits, 15) || !strchr("123478", s[0]))
        return false;
    month = number(digits + 3, 2);
    if (month < 1 || (month > 12 && month < 20) || (month > 42 && month < 50))
        return false;
    return 97 - (number(digits, 13) - corsica) % 97 == number(digits + 13, 2);
}

bool digits_fiscal_code(const char *s, size_t n)
{
    static const char shape[] = "aaaaaa##a##a###a", lost[] = "LMNPQRSTUV";
    static const int odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                              20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    int sum = 0;

    if (n != 16)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool digit = s[i] >= '0' && s[i] <= '9';
        int value = digit ? s[i] - '0' : s[i] - 'A';

        if (shape[i] == 'a' ? !is_upper(s[i]) : !digit && (!s[i] || !strchr(lost, s[i])))
            return false;
        if (i < 15)
            sum += i % 2 ? value : odd[value];
    }
    return 'A' + sum % 26 == s[15];
}

bool digits_kvnr(const char *s, size_t n)
{
    int first = s[0] - 'A' + 1, sum;

    if (n != 10 || !is_upper(s[0]) || !all_digits(s + 1, 9))
        return false;
    sum = first / 10 + (first % 10 * 2 > 9 ? first % 10 * 2 - 9 : first % 10 * 2);
    for (size_t i = 1; i < 9; i++) {
        int d = (s[i] - '0') << (i % 2 ? 0 : 1);

        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == s[9] - '0';
}

bool digits_belgium(const char *s, size_t n)
{
    int64_t month, day, head;

    if (n != 11 || !all_digits(s, 11))
        return false;
    month = number(s + 2, 2) % 20; /* 20 and 40 are added for people without residence */
    day = number(s + 4, 2);
    head = number(s, 9);
    if (number(s + 2, 2) > 52 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    return 97 - head % 97 == number(s + 9, 2) ||
           97 - (2000000000 + head) % 97 == number(s + 9, 2); /* born since 2000 */
}

bool digits_norway(const char *s, size_t n)
{
    static const int first[] = {3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
    static const int second[] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    char date[5] = {0};

    if (n != 11 || !all_digits(s, 11))
        return false;
    memcpy(date, s, 4);
    if (date[0] >= '4') /* D-number */
        date[0] = (char)(date[0] - 4);
    if (date[2] >= '4') /* emergency number */
        date[2] = (char)(date[2] - 4);
    return all_digits(date, 4) && is_day(date + 2, date) && weighted(s, first, 10) % 11 == 0 &&
           weighted(s, second, 11) % 11 == 0;
}

bool digits_hetu(const char *s, size_t n)
{
    char digits[10] = {0};

    if (n != 10)
        return false;
    memcpy(digits, s, 9);
    return all_digits(digits, 9) && is_day(s + 2, s) &&
           "0123456789ABCDEFHJKLMNPRSTUVWXY"[number(digits, 9) % 31] == s[9];
}

bool digits_personnummer(const char *s, size_t n)
{
    const char *year = n == 12 ? s + 2 : s;
    char day[3] = {0};

    if ((n != 10 && n != 12) || !all_digits(s, n) || (n == 12 && s[0] != '1' && s[0] != '2'))
        return false;
    memcpy(day, year + 4, 2);
    if (day[0] >= '6') /* coordination number */
        day[0] = (char)(day[0] - 6);
    return is_day(year + 2, day) && luhn(year, 10, 0);
}

bool digits_cpr(const char *s, size_t n)
{
    static const int weights[] = {4, 3, 2, 7, 6, 5, 4, 3, 2, 1};

    return n == 10 && all_digits(s, 10) && is_day(s + 2, s) && weighted(s, weights, 10) % 11 == 0;
}

bool digits_cpf(const char *s, size_t n)
{
    static const int weights[] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2};

    return n == 11 && all_digits(s, 11) && !is_flat(s, 11) &&
           weighted(s, weights + 1, 9) * 10 % 11 % 10 == s[9] - '0' &&
           weighted(s, weights, 10) * 10 % 11 % 10 == s[10] - '0';
}

bool digits_medicare(const char *s, size_t n)
{
    static const int weights[] = {1, 3, 7, 9, 1, 3, 7, 9};

    return (n == 10 || n == 11) && all_digits(s, n) && s[0] >= '2' && s[0] <= '6' &&
           weighted(s, weights, 8) % 10 == s[8] - '0';
}

bool digits_ihi(const char *s, size_t n)
{
    return n == 16 && all_digits(s, 16) && memcmp(s, "800360", 6) == 0 && luhn(s, 16, 0);
}

bool digits_npi(const char *s, size_t n)
{
    enum { PREFIX_80840 = 24 }; /* what the prefix adds to the sum */

    return n == 10 && all_digits(s, 10) && (s[0] == '1' || s[0] == '2') &&
           luhn(s, 10, PREFIX_80840);
}

bool digits_ssn(const char *s, size_t n)
{
    static const char *const printed[] = {"078051120", "219099999", "123456789"};

    if (n != 9 || !all_digits(s, 9) || is_flat(s, 9))
        return false;
    for (size_t i = 0; i < sizeof printed / sizeof printed[0]; i++)
        if (memcmp(s, printed[i], 9) == 0)
            return false;
    return number(s, 3) != 0 && number(s, 3) != 666 && s[0] != '9' && number(s + 3, 2) != 0 &&
           number(s + 5, 4) != 0;
}
