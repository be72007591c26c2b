using System.Globalization;

namespace Loggregator.TrafficController.LogCache;

/// <summary>How an answer says that some Dopplers are missing from it, or had crashed and lack what they held: beside its body, which clients read strictly.</summary>
internal static class Partial
{
    /// <summary>A header over HTTP, a trailer over gRPC.</summary>
    public const string Name = "X-Loggregator-Partial";

    /// <summary>So many of so many; null when all have answered.</summary>
    public static string? Of(int answered, int known) =>
        answered < known ? string.Create(CultureInfo.InvariantCulture, $"{answered} of {known}") : null;
}
