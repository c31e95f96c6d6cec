/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/cxx.hpp - for plugins in C++17: spans as string_view, JSON with a destructor, and the rule
 * that no exception leaves a slot.
 *
 *     static beacon_rc create(…, beacon_error *err)
 *     {
 *         return beacon::guarded(err, [&] { *ret = new Instance(config); return BEACON_OK; });
 *     }
 *
 * A plugin throws beacon::Failure to end a slot with an error. Thread: as the C headers say.
 */
#ifndef BEACON_SDK_CXX_HPP
#define BEACON_SDK_CXX_HPP

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace beacon
{

inline beacon_str str(std::string_view s)
{
    return beacon_span(s.data(), s.size());
}

inline std::string_view view(beacon_str s)
{
    return s.n > 0 ? std::string_view(s.p, s.n) : std::string_view();
}

/* The value of what stood between the quotes of a JSON string. */
inline std::string unescaped(beacon_str raw)
{
    std::string value(raw.n, '\0');
    value.resize(raw.n > 0 ? beacon_json_unescape(raw, value.data()) : 0);
    return value;
}

/* The member `key` of a JSON object, when it is a string; else `otherwise`. */
inline std::string member(beacon_str object, const char *key, std::string_view otherwise = {})
{
    beacon_str raw = beacon_span(nullptr, 0);
    return beacon_json_member_string(object, key, &raw) ? unescaped(raw) : std::string(otherwise);
}

/* A JSON text being written; give json.out() to the functions of json_write.h. */
class Json
{
  public:
    explicit Json(size_t max)
    {
        beacon_json_out_init(&out_, max);
    }
    Json(const Json &) = delete;
    Json &operator=(const Json &) = delete;
    ~Json()
    {
        beacon_json_out_finish(&out_);
    }

    beacon_json_out *out()
    {
        return &out_;
    }
    bool failed() const
    {
        return out_.failed != 0;
    }
    beacon_str text() const
    {
        return beacon_json_out_text(&out_);
    }

  private:
    beacon_json_out out_;
};

/* What a slot fails with: the code, what happened to which thing, and what the person can do next. */
struct Failure : std::exception {
    Failure(beacon_rc code_, std::string message_, std::string hint_)
        : code(code_), message(std::move(message_)), hint(std::move(hint_))
    {
    }
    const char *what() const noexcept override
    {
        return message.c_str();
    }

    beacon_rc code;
    std::string message, hint;
};

/* Run `body`, which returns a code; turn whatever it throws into an error. `err` may be NULL. */
template <class Body> beacon_rc guarded(beacon_error *err, Body &&body) noexcept
{
    try {
        return body();
    } catch (const Failure &failure) {
        return beacon_error_fill(err, failure.code, failure.hint.c_str(), "%s", failure.what());
    } catch (const std::bad_alloc &) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    } catch (const std::exception &e) {
        return beacon_error_fill(err, BEACON_E_INTERNAL, "report this to the plugin's author",
                                 "the plugin failed: %s", e.what());
    } catch (...) {
        return beacon_error_fill(err, BEACON_E_INTERNAL, "report this to the plugin's author",
                                 "the plugin failed");
    }
}

} /* namespace beacon */

#endif
