namespace Loggregator.TrafficController.LogCache;

/// <summary>A query that is not answered.</summary>
/// <param name="IsUsers">The user can mend it: <c>bad_data</c> and 400, where all else is <c>internal</c> and 500; clients read the text of these two alone.</param>
/// <param name="Message">For the user.</param>
internal sealed record QueryFault(bool IsUsers, string Message)
{
    public static readonly QueryFault NoSources = new(true, "query does not request any source_ids");
}
