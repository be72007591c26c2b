using System.Text.Json;
using Loggregator.Hosting;

namespace Loggregator.Roles;

/// <summary>One role of the executable: what it is called, how it is configured, and what goes into its host.</summary>
/// <param name="Name">The command, and the name in logs.</param>
/// <param name="Section">Its section of the configuration.</param>
/// <param name="Description">What it does, for help.</param>
/// <param name="NewOptions">Its options with their defaults.</param>
/// <param name="Validate">All that is wrong with options, each with key and cure.</param>
/// <param name="Add">Registers its services.</param>
/// <param name="Map">Maps its endpoints.</param>
/// <param name="Ports">Its listeners, without the one for metrics.</param>
/// <param name="Ready">Whether a started role can do its work.</param>
internal sealed record Role(
    string Name,
    string Section,
    string Description,
    Func<object> NewOptions,
    Func<object, IEnumerable<string>> Validate,
    Action<IServiceCollection, object> Add,
    Action<IEndpointRouteBuilder> Map,
    Func<object, IEnumerable<Port>> Ports,
    Func<IServiceProvider, bool> Ready)
{
    /// <summary>What <c>/health</c> tells of it beyond that it runs: properties of an object; false: it runs, but not as it should. Null: nothing.</summary>
    public Func<IServiceProvider, Utf8JsonWriter, bool>? Health { get; init; }

    /// <summary>What of a start may fail for reasons that the user can mend: done before anything runs, so that he is told in one sentence. Null: nothing.</summary>
    public Func<IServiceProvider, Task>? Prepare { get; init; }

    /// <summary>Takes changed options over while it runs. Null: it cannot.</summary>
    public Func<IServiceProvider, object, Task>? Reload { get; init; }

    /// <summary>A role with options of type <typeparamref name="TOptions"/>.</summary>
    public static Role Of<TOptions>(
        string name,
        string section,
        string description,
        Func<TOptions, IEnumerable<string>> validate,
        Action<IServiceCollection, TOptions> add,
        Action<IEndpointRouteBuilder> map,
        Func<TOptions, IEnumerable<Port>> ports,
        Func<IServiceProvider, bool> ready)
        where TOptions : class, new() =>
        new(name, section, description, () => new TOptions(), o => validate((TOptions)o), (s, o) => add(s, (TOptions)o), map, o => ports((TOptions)o), ready);
}
