using System.Net;
using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Sinks.Https;

/// <summary>What a response means for the messages of its request.</summary>
/// <param name="Answer">Settled for 2xx, else why not.</param>
/// <param name="Refused">Set when the content was refused for good.</param>
internal readonly record struct HttpsResponse(SinkAnswer Answer, LossReason? Refused)
{
    /// <summary>Reads a response's status and headers; its body means nothing.</summary>
    public static HttpsResponse Of(HttpResponseMessage response, DateTimeOffset now)
    {
        if (response.IsSuccessStatusCode)
        {
            return new HttpsResponse(SinkAnswer.Settled, null);
        }

        var status = $"it answered {(int)response.StatusCode} {response.StatusCode}";
        var reason = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => status + ": check user, password or token",
            >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest => status + ", which is not followed: name the address that it points to",
            _ => status,
        };
        LossReason? refused = response.StatusCode switch
        {
            HttpStatusCode.RequestEntityTooLarge => LossReason.TooLarge,
            HttpStatusCode.BadRequest or HttpStatusCode.RequestUriTooLong or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity => LossReason.Refused,
            _ => null,
        };
        return new HttpsResponse(SinkAnswer.Retry(reason, RetryAfter(response, now)), refused);
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now) =>
        response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - now) : null;
}
