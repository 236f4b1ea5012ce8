/* page.html, as part of the program. */
#ifndef SANDBOX_PAGE_H
#define SANDBOX_PAGE_H

#include <stddef.h>

extern const unsigned char page_html[];
extern const size_t page_html_len;

#endif
