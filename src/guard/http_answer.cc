#include "guard/http_answer.h"

#include "core/text.h"

namespace oomkit {
namespace {

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kPlainType = "text/plain; charset=utf-8";

std::string response(std::string_view status, std::string_view type, std::string_view body,
                     bool with_body) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\nContent-Type: ").append(type);
  text.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  if (status.substr(0, 3) == "405") text += "\r\nAllow: GET, HEAD";
  text += "\r\nConnection: close\r\n\r\n";
  if (with_body) text += body;
  return text;
}

}  // namespace

std::string http_answer(std::string_view head, const std::function<std::string()>& page) {
  Cursor line(head.substr(0, head.find("\r\n")));
  const auto method = line.take_until(" ");
  const auto target = line.take_until(" ");
  if (!method || !target || !line.take("HTTP/1."))
    return response("400 Bad Request", kPlainType, "this is no HTTP request\n", true);
  const bool is_head = *method == "HEAD";
  if (*method != "GET" && !is_head)
    return response("405 Method Not Allowed", kPlainType, "only GET and HEAD\n", true);
  if (target->substr(0, target->find('?')) != "/metrics")
    return response("404 Not Found", kPlainType, "only /metrics is here\n", !is_head);
  const std::string body = page();
  if (body.empty())
    return response("503 Service Unavailable", kPlainType, "the guard has not begun yet\n",
                    !is_head);
  return response("200 OK", kMetricsType, body, !is_head);
}

}  // namespace oomkit
