/* Least is the smallest CGI program there can be, without a runtime of any language: what it costs is the price of starting a process for
   a request, and no program that Apache starts for each can be faster. */
#include <unistd.h>

int main(void)
{
	static const char answer[] = "Content-Type: text/plain\r\n\r\nhello\n";
	return write(1, answer, sizeof answer - 1) != sizeof answer - 1;
}
