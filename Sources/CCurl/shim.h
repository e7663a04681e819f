// Swift calls no variadic function, and all of curl's options are set by one: a function here for each type of option.
#pragma once
#include <curl/curl.h>

static inline CURLcode ccurl_set_number(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
typedef size_t (*ccurl_receiver)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_receiver(CURL *handle, CURLoption option, ccurl_receiver value) {
  return curl_easy_setopt(handle, option, value);
}
/// Tells the server who asks; curl tells it to no other one.
static inline CURLcode ccurl_set_token(CURL *handle, const char *token) {
  curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
  return curl_easy_setopt(handle, CURLOPT_XOAUTH2_BEARER, token);
}
/// Has a request go by HTTPS alone, wherever it is led to; with `plain` by HTTP too.
static inline CURLcode ccurl_restrict(CURL *handle, int plain) {
#if LIBCURL_VERSION_NUM >= 0x075500
  const char *protocols = plain ? "http,https" : "https";
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols);
  return curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
#else
  const long protocols = CURLPROTO_HTTPS | (plain ? CURLPROTO_HTTP : 0);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS, protocols);
  return curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS, protocols);
#endif
}
