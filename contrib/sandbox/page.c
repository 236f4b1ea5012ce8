#include "page.h"

const unsigned char page_html[] = {
#include "page.inc"
};

const size_t page_html_len = sizeof page_html;
