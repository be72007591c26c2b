using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>Why one of our own calls is refused.</summary>
/// <param name="Error">What programs look at.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Cure">What to do.</param>
/// <param name="Status">HTTP status.</param>
internal sealed record StreamError(string Error, string Message, string Cure, int Status = 400)
{
    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("error", Error);
        json.WriteString("message", Message);
        json.WriteString("cure", Cure);
        json.WriteEndObject();
        await json.FlushAsync(response.HttpContext.RequestAborted);
    }
}
