// libcurl as the gateway uses it. Its option setters are variadic, which Swift cannot call: one function a type here.
#include <curl/curl.h>

static inline CURLcode residency_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode residency_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode residency_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode residency_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode residency_curl_set_bytes(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode residency_curl_set_fields(CURL *handle, struct curl_slist *fields) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields);
}

static inline CURLcode residency_curl_set_ways(CURL *handle, struct curl_slist *ways) {
    return curl_easy_setopt(handle, CURLOPT_CONNECT_TO, ways);
}

// At least CURL_ERROR_SIZE bytes, which must stay as long as the handle.
static inline CURLcode residency_curl_set_error_text(CURL *handle, char *bytes) {
    return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, bytes);
}

typedef size_t (*residency_curl_data)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode residency_curl_on_body(CURL *handle, residency_curl_data callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

static inline CURLcode residency_curl_on_field(CURL *handle, residency_curl_data callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

typedef curl_socket_t (*residency_curl_socket)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode residency_curl_on_open(CURL *handle, residency_curl_socket callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context);
}

// The address is longer than the member's type says: libcurl keeps a union there.
static inline const void *residency_curl_address(const struct curl_sockaddr *address) { return &address->addr; }

static inline CURLcode residency_curl_get_status(CURL *handle, long *status) {
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
}

static inline CURLcode residency_curl_get_context(CURL *handle, char **context) {
    return curl_easy_getinfo(handle, CURLINFO_PRIVATE, context);
}

static inline CURLMcode residency_curl_multi_set_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}

// The result of a finished transfer sits in a union.
static inline CURLcode residency_curl_result(const CURLMsg *message) { return message->data.result; }
