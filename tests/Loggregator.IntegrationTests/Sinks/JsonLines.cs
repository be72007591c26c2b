using System.Text;
using System.Text.Json;
using Loggregator.TestKit.Sinks;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>Reads what the JSON format writes.</summary>
internal static class JsonLines
{
    public static IEnumerable<NumberedLog> Logs(string line)
    {
        using var json = JsonDocument.Parse(line);
        return NumberedLog.Find(Encoding.UTF8.GetString(json.RootElement.GetProperty("envelope").GetProperty("log").GetProperty("payload").GetBytesFromBase64()));
    }
}
