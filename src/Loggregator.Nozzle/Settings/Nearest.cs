namespace Loggregator.Nozzle.Settings;

/// <summary>Finds what somebody probably meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate within an edit distance of a third of the word, or null.</summary>
    public static string? To(string word, IEnumerable<string> candidates) => candidates
        .Select(candidate => (Candidate: candidate, Distance: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
        .Where(pair => pair.Distance <= Math.Max(2, word.Length / 3))
        .OrderBy(pair => pair.Distance)
        .Select(pair => pair.Candidate)
        .FirstOrDefault();

    /// <summary><c> Did you mean 'x'?</c>, or the list of what there is.</summary>
    public static string Hint(string word, IReadOnlyCollection<string> candidates) =>
        To(word, candidates) is { } nearest ? $" Did you mean '{nearest}'?" : $" There is: {string.Join(", ", candidates)}.";

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var insert = Math.Min(row[j], row[j - 1]) + 1;
                (diagonal, row[j]) = (row[j], Math.Min(insert, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[b.Length];
    }
}
