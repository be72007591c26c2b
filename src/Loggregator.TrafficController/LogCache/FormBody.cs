using System.Text;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.LogCache;

/// <summary>Parameters in the body of a POST.</summary>
internal static class FormBody
{
    /// <summary>Of such a body.</summary>
    public const string ContentType = "application/x-www-form-urlencoded";

    /// <summary>The body as text; null where it is larger than <paramref name="most"/> bytes.</summary>
    public static async Task<string?> ReadAsync(HttpContext context, int most)
    {
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        for (int length; (length = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            if (body.Length + length > most)
            {
                return null;
            }

            body.Write(buffer, 0, length);
        }

        return Encoding.UTF8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length));
    }
}
