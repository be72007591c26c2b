using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.LogCache;

/// <summary>How an answer says that some Dopplers are missing from it, or had crashed and lack what they held: beside its body, which clients read strictly.</summary>
internal static class Partial
{
    /// <summary>A header over HTTP, a trailer over gRPC.</summary>
    public const string Name = "X-Loggregator-Partial";

    /// <summary>So many of so many; null when all have answered.</summary>
    public static string? Of(int answered, int known) =>
        answered < known ? string.Create(CultureInfo.InvariantCulture, $"{answered} of {known}") : null;

    /// <summary>Says it in a header.</summary>
    public static void Tell(HttpContext context, int answered, int known)
    {
        if (Of(answered, known) is { } partial)
        {
            context.Response.Headers[Name] = partial;
        }
    }

    /// <summary>Says it in a trailer.</summary>
    public static void Tell(ServerCallContext context, int answered, int known)
    {
        if (Of(answered, known) is { } partial)
        {
            context.ResponseTrailers.Add(Name.ToLowerInvariant(), partial);
        }
    }
}
