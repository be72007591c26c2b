using System.Text;
using Loggregator.Terminal;

namespace Loggregator.Tests.Exe;

/// <summary>What a command writes, without the spaces at the ends of its lines.</summary>
internal sealed class Shown : IDisposable
{
    private readonly MemoryStream _raw = new();
    private readonly StreamWriter _out;
    private readonly StringWriter _error = new() { NewLine = "\n" };

    public Shown()
    {
        _out = new StreamWriter(_raw, new UTF8Encoding(false)) { NewLine = "\n" };
        Screen = new Screen(_out, _raw, _error, Stream.Null, false, false);
    }

    public Screen Screen { get; }

    public string Error => _error.ToString();

    public string Out
    {
        get
        {
            _out.Flush();
            return string.Join('\n', Encoding.UTF8.GetString(_raw.ToArray()).Split('\n').Select(line => line.TrimEnd(' ')));
        }
    }

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
        _raw.Dispose();
    }
}
