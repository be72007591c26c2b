using System.Globalization;

namespace Loggregator.Load.Watching;

/// <summary>Reads a Prometheus page at the window's start and end, to tell by how much each series grew. One thread at a time.</summary>
internal sealed class Scrape(NamedTarget target)
{
    private Dictionary<string, double> _first = [];

    public string Name => target.Name;

    /// <summary>The series that differ between start and end, and by how much.</summary>
    public SortedDictionary<string, double> Growth { get; } = new(StringComparer.Ordinal);

    public async Task StartAsync(HttpClient client) => _first = await ReadAsync(client);

    public async Task EndAsync(HttpClient client)
    {
        foreach (var (series, value) in await ReadAsync(client))
        {
            var grown = value - _first.GetValueOrDefault(series);
            if (grown != 0)
            {
                Growth[series] = grown;
            }
        }
    }

    private async Task<Dictionary<string, double>> ReadAsync(HttpClient client)
    {
        Dictionary<string, double> series = [];
        foreach (var line in (await client.GetStringAsync(new Uri(target.Target))).Split('\n'))
        {
            var end = line.LastIndexOf(' ');
            if (end > 0 && line[0] != '#' && double.TryParse(line.AsSpan(end + 1), CultureInfo.InvariantCulture, out var value))
            {
                series[line[..end]] = value;
            }
        }

        return series;
    }
}
